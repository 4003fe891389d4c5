package telnyx

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// PageSize is the most records that the API puts on a page.
const PageSize = 50

// DetailRecord is one record of usage. Telnyx publishes no schema of those of SIP
// trunking: unknown fields are kept and none is relied on.
type DetailRecord map[string]any

// UnmarshalJSON keeps numbers as they are written.
func (r *DetailRecord) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode((*map[string]any)(r))
}

// Get is a field as text; "" for none, null, and what is no text or number.
func (r DetailRecord) Get(name string) string {
	switch x := r[name].(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

// RecordPage is a page of records.
type RecordPage struct {
	Records []DetailRecord `json:"data"`
	Meta    struct {
		Page    int `json:"page_number"`
		Pages   int `json:"total_pages"`
		Results int `json:"total_results"`
	} `json:"meta"`
}

// DetailRecords returns a page (from 1) of the records of SIP trunking of calls
// that started in [since, until), the earliest first ("Search detail records",
// GET /detail_records). Records of this type have no created_at: asking by that
// finds none.
func (c *Client) DetailRecords(ctx context.Context, since, until time.Time, page int) (RecordPage, error) {
	var p RecordPage
	err := c.get(ctx, "/detail_records", url.Values{
		"filter[record_type]":     {"sip-trunking"},
		"filter[started_at][gte]": {since.UTC().Format(time.RFC3339)},
		"filter[started_at][lt]":  {until.UTC().Format(time.RFC3339)},
		"sort":                    {"started_at"},
		"page[number]":            {strconv.Itoa(page)},
		"page[size]":              {strconv.Itoa(PageSize)},
	}, &p)
	if err == nil && p.Meta.Page != 0 && p.Meta.Page != page {
		err = fmt.Errorf("asked Telnyx for page %d and got %d", page, p.Meta.Page)
	}
	return p, err
}
