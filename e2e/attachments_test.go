package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/internal/simulate"
	"github.com/abusedesk/abusedesk/internal/testenv"
)

// attachment is what the API says of one.
type attachment struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Type      string `json:"type"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
	State     string `json:"state"`
	Scan      string `json:"scan"`
	Elsewhere int    `json:"other_reports"`
}

// A recording, a picture and a virus come by form, API and mail: each is told by
// its bytes, scanned by a real clamd, kept once, and shown where that is safe.
func TestAttachmentsOnEveryDoor(t *testing.T) {
	t.Parallel()
	scanner := testenv.Clamd(t)
	each(t, func(t *testing.T, s setup) {
		d := newDesk(t, s)
		d.env["CLAMD_URL"] = scanner
		d.start()
		ana := d.staff("Ana", "analyst", "all")
		sound := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data" + strings.Repeat("0123456789abcdef", 20_000)

		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		for _, f := range [][2]string{{"nonce", d.nonce()}, {"altcha", d.proof()}, {"category", "robocall"}, {"description", "Hear for yourself."}} {
			w.WriteField(f[0], f[1])
		}
		file := func(name, content string) {
			part, err := w.CreateFormFile("files", name)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(part, content)
		}
		file("ring.wav", sound)
		file("invoice.png", testenv.Eicar)
		w.Close()
		if status, answer := d.post("/reports", w.FormDataContentType(), form.String()); status != http.StatusOK && status != http.StatusSeeOther {
			t.Fatalf("form: %d %.500s", status, answer)
		}
		body := fmt.Sprintf(`{"category":"scam","description":"The same recording.","attachments":[{"name":"same.wav","type":"text/html","content":%q}]}`, base64.StdEncoding.EncodeToString([]byte(sound)))
		if status, answer := d.post("/api/v1/reports", "application/json", body, "Authorization", "Bearer "+ana.Key); status != http.StatusCreated {
			t.Fatalf("API: %d %s", status, answer)
		}
		d.receive("From: jo@example.org", "Subject: robocall", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "They called from 202-555-0143.",
			"--b", "Content-Type: image/png; name=shot.png", "Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00")), "--b--", "")

		byName := map[string]attachment{}
		testenv.Eventually(t, time.Minute, func() bool {
			for _, channel := range []string{"web", "api", "email"} {
				for _, a := range attachmentsOf(t, ana, channel) {
					byName[a.Name] = a
				}
			}
			return len(byName) == 4 && byName["ring.wav"].Elsewhere == 1
		}, "four attachments")
		for name, want := range map[string]attachment{
			"ring.wav": {Type: "audio/wav", State: "stored"}, "same.wav": {Type: "audio/wav", State: "stored"}, "shot.png": {Type: "image/png", State: "stored"},
			"invoice.png": {Type: "text/plain", State: "infected"},
		} {
			if got := byName[name]; got.Type != want.Type || got.State != want.State || got.Scan == "" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if byName["ring.wav"].SHA256 != byName["same.wav"].SHA256 || byName["ring.wav"].Bytes != int64(len(sound)) {
			t.Errorf("one recording is %+v and %+v", byName["ring.wav"], byName["same.wav"])
		}
		b := d.signIn("Ana")
		if status, _, page := b.get(fmt.Sprint("/desk/attachments/", byName["ring.wav"].ID)); status != http.StatusOK || page != sound {
			t.Errorf("the recording comes back as %d bytes, %d", len(page), status)
		}
		if status, _, page := b.get(fmt.Sprint("/desk/attachments/", byName["invoice.png"].ID)); status != http.StatusConflict || strings.Contains(page, "EICAR-STANDARD") {
			t.Errorf("the infected file is answered with %d", status)
		}
		d.doctor("", time.Minute)
	})
}

func attachmentsOf(t *testing.T, api simulate.API, channel string) []attachment {
	t.Helper()
	var page struct {
		Items []struct {
			Attachments []attachment `json:"attachments"`
		} `json:"items"`
	}
	if err := api.Do(t.Context(), http.MethodGet, "/api/v1/reports?channel="+channel, nil, &page); err != nil {
		t.Fatal(err)
	}
	var out []attachment
	for _, r := range page.Items {
		out = append(out, r.Attachments...)
	}
	return out
}
