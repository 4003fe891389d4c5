package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// MaxFormFiles bounds the public form with files.
const MaxFormFiles = 25 << 20

// answerBy is what the form promises.
const answerBy = "within two working days"

// reportForm is the public form as it was sent: the bytes, and what was typed
// so that nothing is lost when some of it has to be mended.
type reportForm struct {
	raw         []byte
	contentType string
	values      url.Values
	files       []string // digests
}

// readReportForm reads a form of either encoding. What cannot be read is left
// to intake, which says why; only size is an error here.
func readReportForm(c *gin.Context) (reportForm, error) {
	f := reportForm{contentType: c.GetHeader("Content-Type"), values: url.Values{}}
	limit := int64(MaxFormBody)
	if strings.HasPrefix(strings.ToLower(f.contentType), "multipart/form-data") {
		limit = MaxFormFiles
	}
	if c.Request.ContentLength > limit {
		return f, bodyTooLarge(limit)
	}
	var err error
	f.raw, err = readAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return f, bodyTooLarge(limit)
	}
	if err != nil {
		return f, err
	}
	if limit == MaxFormBody {
		// Pairs that can be read are kept although others cannot.
		f.values, _ = url.ParseQuery(string(f.raw))
		return f, nil
	}
	r := c.Request.Clone(c.Request.Context())
	r.Body = io.NopCloser(bytes.NewReader(f.raw))
	if r.ParseMultipartForm(MaxFormFiles) != nil || r.MultipartForm == nil {
		return f, nil
	}
	defer r.MultipartForm.RemoveAll()
	f.values = r.MultipartForm.Value
	for name, hs := range r.MultipartForm.File {
		for _, h := range hs {
			file, err := h.Open()
			if err != nil {
				return f, err
			}
			digest := sha256.New()
			_, err = io.Copy(digest, file)
			file.Close()
			if err != nil {
				return f, err
			}
			f.files = append(f.files, name+" "+hex.EncodeToString(digest.Sum(nil)))
		}
	}
	slices.Sort(f.files)
	return f, nil
}

// nonce is what makes a second click the same report; "" when it is none that
// we could have given out.
func (f reportForm) nonce() string {
	n := f.values.Get("nonce")
	if len(n) < 16 || len(n) > 64 || strings.ContainsFunc(n, func(r rune) bool { return !(r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') }) {
		return ""
	}
	return n
}

// sum digests what was sent as it was meant: a browser makes up new multipart
// boundaries each time, and may solve another challenge.
func (f reportForm) sum() string {
	digest := sha256.New()
	values := maps.Clone(f.values)
	values.Del("altcha")
	io.WriteString(digest, values.Encode())
	for _, file := range f.files {
		io.WriteString(digest, "\n"+file)
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// page is the form with what was typed.
func (f reportForm) page() ReportFormPage {
	typed := func(name string) Field { return Field{Value: f.values.Get(name)} }
	p := emptyForm(f.values.Get("zone"))
	p.Category, p.Caller, p.Callback, p.Called = typed("category"), typed("caller_number"), typed("callback_number"), typed("called_number")
	p.OccurredAt, p.Times, p.Words, p.Identity = typed("occurred_at"), typed("occurrences"), typed("description"), typed("identity_header")
	p.Name, p.Email, p.Phone, p.Kind = typed("reporter_name"), typed("reporter_email"), typed("reporter_phone"), typed("reporter_kind")
	if n := f.nonce(); n != "" {
		p.Nonce = n
	}
	return p
}

// wrong puts what intake found beside the fields.
func (p *ReportFormPage) wrong(err error) {
	p.Problem = beside(err, map[string]*Field{
		"category": &p.Category, "caller_number": &p.Caller, "callback_number": &p.Callback, "called_number": &p.Called, "occurred_at": &p.OccurredAt,
		"zone": &p.Zone, "occurrences": &p.Times, "description": &p.Words, "identity_header": &p.Identity, "reporter_name": &p.Name,
		"reporter_email": &p.Email, "reporter_phone": &p.Phone, "reporter_kind": &p.Kind,
	})
}

// emptyForm is the form for a reader in a zone; "" where it is not known.
func emptyForm(zone string) ReportFormPage {
	return ReportFormPage{Nonce: rand.Text(), AnswerBy: answerBy, Zone: Field{Value: zone}, Zones: zoneChoices(zone), Kinds: []Choice{
		{Value: "", Label: "not said"},
		{Value: string(cases.ReporterCalled), Label: "somebody who was called"},
		{Value: string(cases.ReporterNumberOwner), Label: "the owner of the number"},
		{Value: string(cases.ReporterBrand), Label: "a company or office that is imitated"},
		{Value: string(cases.ReporterCarrier), Label: "a carrier"},
		{Value: string(cases.ReporterRegulator), Label: "a regulator"},
		{Value: string(cases.ReporterTraceback), Label: "a traceback group"},
		{Value: string(cases.ReporterPolice), Label: "law enforcement"},
	}}
}

// zoneChoices are the zones most reporters are in, and the one that is chosen.
func zoneChoices(chosen string) []Choice {
	zones := []Choice{
		{Value: "", Label: "not sure"},
		{Value: "America/New_York", Label: "Eastern (New York)"}, {Value: "America/Chicago", Label: "Central (Chicago)"},
		{Value: "America/Denver", Label: "Mountain (Denver)"}, {Value: "America/Phoenix", Label: "Arizona (Phoenix)"},
		{Value: "America/Los_Angeles", Label: "Pacific (Los Angeles)"}, {Value: "America/Anchorage", Label: "Alaska (Anchorage)"},
		{Value: "Pacific/Honolulu", Label: "Hawaii (Honolulu)"}, {Value: "America/Halifax", Label: "Atlantic (Halifax)"},
		{Value: "Europe/London", Label: "London"}, {Value: "Europe/Berlin", Label: "Berlin, Paris, Rome"}, {Value: "UTC", Label: "UTC"},
	}
	if len(chosen) <= 64 && !slices.ContainsFunc(zones, func(c Choice) bool { return c.Value == chosen }) {
		zones = append(zones, Choice{Value: chosen, Label: strings.ReplaceAll(chosen, "_", " ")})
	}
	return zones
}
