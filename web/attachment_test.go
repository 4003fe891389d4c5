package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/abusedesk/abusedesk/cases"
)

// attach files a report with files through the API and unpacks them.
func (w *world) attach(files ...string) []cases.AttachmentView {
	w.t.Helper()
	var list []string
	for i := 0; i+2 < len(files); i += 3 {
		list = append(list, fmt.Sprintf(`{"name":%q,"type":%q,"content":%q}`, files[i], files[i+1], base64.StdEncoding.EncodeToString([]byte(files[i+2]))))
	}
	body := `{"caller_number":"` + shown + `","description":"With files.","attachments":[` + strings.Join(list, ",") + `]}`
	sub, err := w.desk.Submit(w.t.Context(), cases.Delivery{Channel: cases.ChannelAPI, Body: strings.NewReader(body), Size: int64(len(body)), Meta: cases.Meta{ContentType: "application/json", Region: "US"}})
	w.must(err)
	w.must(w.desk.Unpack(w.t.Context(), cases.Attempt{}, sub.Receipt.MessageID, 0))
	v, err := w.desk.Report(w.t.Context(), w.staff["analyst"].Actor(), sub.Filed.ReportID)
	w.must(err)
	return v.Files
}

// What people send is shown where that is safe, and is otherwise bytes to be saved.
func TestAttachments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sound := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + strings.Repeat("0123456789", 10)
		fs := w.attach("ring \"x\".wav", "audio/wav", sound, "evil.png", "image/png", "<html><script>alert(1)</script></html>", "pic.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
		path := func(i int) string { return fmt.Sprint("/desk/attachments/", fs[i].ID) }
		for _, x := range []struct {
			name, path, ranged string
			status             int
			kind, disposition  string
			body               string
		}{
			{"sound plays", path(0), "", 200, "audio/wav", "inline", sound},
			{"from the middle", path(0), "bytes=40-49", 206, "audio/wav", "inline", sound[40:50]},
			{"the end", path(0), "bytes=-5", 206, "audio/wav", "inline", sound[len(sound)-5:]},
			{"past the end", path(0), "bytes=9000-", 416, "", "", ""},
			{"sound is saved", path(0) + "?save", "", 200, "application/octet-stream", "attachment", sound},
			{"a page that calls itself a picture", path(1), "", 200, "application/octet-stream", "attachment", "<html><script>alert(1)</script></html>"},
			{"a picture that runs script", path(2), "", 200, "application/octet-stream", "attachment", ""},
		} {
			r := get("analyst", x.path)
			if x.ranged != "" {
				r.header = []string{"Range", x.ranged}
			}
			rec := w.send(r)
			h := rec.Header()
			if rec.Code != x.status {
				t.Errorf("%s: %d", x.name, rec.Code)
			}
			if rec.Code >= 400 {
				continue
			}
			if got := h.Get("Content-Type"); got != x.kind {
				t.Errorf("%s: type %q, want %q", x.name, got, x.kind)
			}
			if !strings.HasPrefix(h.Get("Content-Disposition"), x.disposition) || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %v", x.name, h)
			}
			if x.body != "" && rec.Body.String() != x.body {
				t.Errorf("%s: %q", x.name, rec.Body)
			}
		}
		w.run([]scenario{
			{name: "nobody", request: get("", path(0)), status: 303, location: "/desk/sign-in"},
			{name: "an auditor", request: get("auditor", path(0)), status: 200},
			{name: "none", request: get("analyst", "/desk/attachments/99999"), status: 404},
			{name: "no number", request: get("analyst", "/desk/attachments/x"), status: 404},
			{name: "in its report", request: get("analyst", fmt.Sprint("/desk/reports/", fs[0].ReportID)), status: 200,
				says: []string{"<audio controls", path(0) + `"`, path(1) + "?save"}, keeps: []string{`<img src="` + path(1), `<img src="` + path(2)}},
			{name: "in the API", request: request{method: http.MethodGet, path: fmt.Sprint("/api/v1/reports/", fs[0].ReportID), key: "read"}, status: 200,
				says: []string{`"declared_type":"image/png"`, `"type":"text/html"`, fs[0].SHA256}},
		})
	})
}
