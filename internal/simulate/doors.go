package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/internal/altcha"
)

// Doors are the ways into one desk, as the public uses them. Safe for
// concurrent use.
type Doors struct {
	BaseURL    string       // http://host:port
	HTTP       *http.Client // nil: one that gives up after 20 s and follows no redirects
	APIKey     string       // for DoorAPI; "" as the public
	ChatSecret string       // of Standard Webhooks: whsec_ and base64
	// Mail hands a mail to the world: SMTP.Deliver, or straight into a mailbox.
	Mail func(ctx context.Context, from string, raw []byte) error
	// Address is what mails are addressed to.
	Address string
	// Forwarded gives each web request an X-Forwarded-For of its own, as
	// through a trusted proxy: many people, one machine.
	Forwarded func() string
	Now       func() time.Time // nil: time.Now
}

var plainClient = &http.Client{
	Timeout:       20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (d *Doors) client() *http.Client {
	if d.HTTP != nil {
		return d.HTTP
	}
	return plainClient
}

func (d *Doors) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// Compose gives a complaint the shape of a door. Only what the public sends over
// HTTP needs the desk for it: a challenge to solve and, of the form, which does
// not use key, the nonce from GET /. An error means that nothing was sent.
func (d *Doors) Compose(ctx context.Context, door Door, c Complaint, key string) (Delivery, error) {
	switch door {
	case DoorForm:
		nonce, err := d.nonce(ctx)
		if err != nil {
			return Delivery{}, err
		}
		proof, err := d.prove(ctx, door)
		if err != nil {
			return Delivery{}, err
		}
		return composeForm(c, nonce, proof), nil
	case DoorAPI:
		del, err := composeAPI(c, key)
		if err != nil || d.APIKey != "" {
			return del, err
		}
		if del.Proof, err = d.prove(ctx, door); err != nil {
			return Delivery{}, err
		}
		return del, nil
	case DoorMail:
		return composeMail(c, key, d.Address, d.now())
	case DoorChat:
		return composeChat(c, key, d.now())
	}
	return Delivery{}, fmt.Errorf("no such door: %q", door)
}

// Send makes one attempt. The error is *Refused when it can never succeed,
// *Busy when nothing was taken and trying again is asked for, and any other
// when nobody knows.
func (d *Doors) Send(ctx context.Context, del Delivery) (Receipt, error) {
	switch del.Door {
	case DoorForm:
		return d.post(ctx, del, "/reports", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}})
	case DoorAPI:
		h := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {del.Key}}
		if d.APIKey != "" {
			h.Set("Authorization", "Bearer "+d.APIKey)
		}
		if del.Proof != "" {
			h.Set("Altcha", del.Proof)
		}
		return d.post(ctx, del, "/api/v1/reports", h)
	case DoorChat:
		h, err := SignWebhook(d.ChatSecret, del.Key, d.now(), del.Body)
		if err != nil {
			return Receipt{}, err
		}
		h.Set("Content-Type", "application/json")
		return d.post(ctx, del, "/hooks/chat/standard", h)
	case DoorMail:
		return Receipt{}, d.Mail(ctx, del.From, del.Body)
	}
	return Receipt{}, fmt.Errorf("no such door: %q", del.Door)
}

// Deliver composes and sends once: what a single reporter does.
func (d *Doors) Deliver(ctx context.Context, door Door, c Complaint) (Delivery, Receipt, error) {
	del, err := d.Compose(ctx, door, c, NewKey())
	if err != nil {
		return del, Receipt{}, err
	}
	receipt, err := d.Send(ctx, del)
	return del, receipt, err
}

func (d *Doors) request(ctx context.Context, method, path string, body []byte, h http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(d.BaseURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if h != nil {
		req.Header = h
	}
	if d.Forwarded != nil {
		req.Header.Set("X-Forwarded-For", d.Forwarded())
	}
	return d.client().Do(req)
}

// post sends and reads what the answer says about the report.
func (d *Doors) post(ctx context.Context, del Delivery, path string, h http.Header) (Receipt, error) {
	res, err := d.request(ctx, http.MethodPost, path, del.Body, h)
	if err != nil {
		return Receipt{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return Receipt{}, fmt.Errorf("read the answer of %s: %w", path, err)
	}
	switch s := res.StatusCode; {
	case s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable:
		after, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return Receipt{}, &Busy{del.Door, s, after}
	case s >= 500:
		return Receipt{}, fmt.Errorf("%s answered %d: %.200s", path, s, body)
	case s >= 400:
		return Receipt{}, &Refused{del.Door, s, fmt.Sprintf("%.500s", body)}
	}
	return receipt(del.Door, res, body)
}

// receipt reads what the door says: the API and the hook in JSON, the form by
// where it sends the browser.
func receipt(door Door, res *http.Response, body []byte) (Receipt, error) {
	if door == DoorForm {
		location, err := res.Location()
		if err != nil {
			return Receipt{}, fmt.Errorf("the form answered %d without a status page", res.StatusCode)
		}
		return Receipt{StatusURL: location.String()}, nil
	}
	var said struct {
		Report    json.Number `json:"report"`
		Case      string      `json:"case"`
		StatusURL string      `json:"status_url"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return Receipt{}, fmt.Errorf("answer of the %s door: %w", door, err)
	}
	return Receipt{said.Report.String(), said.Case, said.StatusURL}, nil
}

var nonceField = regexp.MustCompile(`<input[^>]*\bname="nonce"[^>]*\bvalue="([^"]+)"`)

// nonce opens the form as a browser does.
func (d *Doors) nonce(ctx context.Context) (string, error) {
	page, err := d.get(ctx, DoorForm, "/")
	if err != nil {
		return "", err
	}
	m := nonceField.FindSubmatch(page)
	if m == nil {
		return "", errors.New("the form has no nonce")
	}
	return string(m[1]), nil
}

// prove solves a challenge, which takes a few milliseconds.
func (d *Doors) prove(ctx context.Context, door Door) (string, error) {
	answer, err := d.get(ctx, door, "/api/v1/challenge")
	if err != nil {
		return "", err
	}
	var c altcha.Challenge
	if err := json.Unmarshal(answer, &c); err != nil {
		return "", fmt.Errorf("read the challenge: %w", err)
	}
	return altcha.Solve(c)
}

// get asks for what a door needs before anything is sent.
func (d *Doors) get(ctx context.Context, door Door, path string) ([]byte, error) {
	res, err := d.request(ctx, http.MethodGet, path, nil, http.Header{"Accept": {"text/html, application/json"}})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if res.StatusCode == http.StatusTooManyRequests {
		return nil, &Busy{door, res.StatusCode, 1}
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d: %.200s", path, res.StatusCode, body)
	}
	return body, nil
}

func composeForm(c Complaint, nonce, proof string) Delivery {
	v := url.Values{"nonce": {nonce}, "altcha": {proof}, "category": {string(c.Category)}}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("caller_number", c.Caller)
	set("callback_number", c.Callback)
	set("called_number", c.Called)
	if !c.At.IsZero() {
		v.Set("occurred_at", c.At.UTC().Format(time.RFC3339))
	}
	if c.Occurrences > 0 {
		v.Set("occurrences", strconv.Itoa(c.Occurrences))
	}
	set("description", c.Words)
	set("reporter_name", c.Reporter.Name)
	set("reporter_email", c.Reporter.Email)
	set("reporter_phone", c.Reporter.Phone)
	set("reporter_kind", string(c.Reporter.Kind))
	return delivery(DoorForm, nonce, []byte(v.Encode()))
}
