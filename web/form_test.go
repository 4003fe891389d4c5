package web

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/internal/storetest"
)

// parts is a form with files, which are name and size in turn.
func parts(t *testing.T, fields []string, files ...any) request {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		m.WriteField(fields[i], fields[i+1])
	}
	for i := 0; i+1 < len(files); i += 2 {
		h := textproto.MIMEHeader{"Content-Type": {"audio/wav"}, "Content-Disposition": {fmt.Sprintf(`form-data; name="files"; filename=%q`, files[i])}}
		w, err := m.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(bytes.Repeat([]byte{byte(i)}, files[i+1].(int)))
	}
	m.Close()
	return request{method: "POST", path: "/reports", body: b.String(), contentType: m.FormDataContentType()}
}

func TestFilesOfAForm(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	fields := func(pairs ...string) []string {
		return append([]string{"nonce", nonce, "category", "robocall", "description", "Listen & look."}, pairs...)
	}
	var six []any
	for i := range MaxFiles + 1 {
		six = append(six, fmt.Sprint(i, ".wav"), 10)
	}
	typed := []string{"Listen &amp; look.", nonce, "choose them again"}
	w.run([]scenario{
		{name: "too many", request: parts(t, fields(), six...), status: 413, says: append(typed, "At most 5 files")},
		{name: "one too large", request: parts(t, fields(), "a.wav", MaxFile+1), status: 413, says: append(typed, "larger than 20 MB")},
		{name: "too large together", request: parts(t, fields(), "a.wav", MaxFile, "b.wav", MaxFile), status: 413, says: append(typed, "Together", "40 MB")},
		{name: "a mistake beside them", request: parts(t, fields("caller_number", "12"), "a.wav", 10), status: 422, says: append(typed, "too short")},
		{name: "no boundary", request: request{method: "POST", path: "/reports", body: "--x", contentType: "multipart/form-data"}, status: 422, says: []string{"did not arrive whole"}},
		{name: "cut off", request: request{method: "POST", path: "/reports", body: strings.TrimSuffix(parts(t, fields("altcha", w.solved())).body, "--\r\n"), contentType: parts(t, nil).contentType}, status: 422},
		{name: "filed", request: parts(t, fields("altcha", w.solved()), "a.wav", 300<<10, "b.wav", 10), status: 303, location: "/reports/"},
	})
	p, err := w.desk.Reports(t.Context(), w.staff["analyst"].Actor(), cases.ReportQuery{Limit: 1})
	w.must(err)
	files := p.Items[0].Details.Attachments
	if len(files) != 2 || files[0].Name != "a.wav" || files[0].Bytes != 300<<10 || files[0].Type != "audio/wav" || files[0].SHA256 == files[1].SHA256 {
		t.Errorf("attachments %+v", files)
	}
	// What is kept is what was sent, to the byte.
	_, raw, err := w.desk.RawMessage(t.Context(), w.staff["analyst"].Actor(), p.Items[0].Messages[0].ID)
	w.must(err)
	defer raw.Close()
	kept, err := io.ReadAll(raw)
	w.must(err)
	if !bytes.Contains(kept, bytes.Repeat([]byte{0}, 300<<10)) || !bytes.HasSuffix(kept, []byte("--\r\n")) {
		t.Errorf("%d bytes are kept", len(kept))
	}
}

// endless is a body that counts what is read of it.
type endless struct {
	head io.Reader
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	n, err := e.head.Read(p)
	if err == io.EOF {
		n, err = len(p), nil
	}
	e.read += int64(n)
	return n, err
}

// A form that says how large it is is refused before its files are looked at, and
// one that does not stops at the limit; neither is held in memory or on the disk.
func TestALargeFormIsNotKept(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	r := parts(t, []string{"nonce", nonce, "description", "Kept."}, "a.wav", 0)
	head, _, _ := strings.Cut(r.body, "filename")
	head += "filename=\"a.wav\"\r\n\r\n"
	for _, length := range []int64{1 << 30, -1} {
		body := &endless{head: strings.NewReader(head)}
		req := httptest.NewRequestWithContext(t.Context(), "POST", "/reports", io.LimitReader(body, 1<<30))
		req.ContentLength = length
		req.Header.Set("Content-Type", r.contentType)
		rec := httptest.NewRecorder()
		w.server.ServeHTTP(rec, req)
		if rec.Code != 413 || !strings.Contains(rec.Body.String(), "Kept.") {
			t.Errorf("length %d: %d %s", length, rec.Code, short(rec.Body))
		}
		if most := int64(MaxFormFiles + maxDrained + 1<<20); body.read > most {
			t.Errorf("length %d: %d bytes were read, at most %d should be", length, body.read, most)
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
}

// dated is an answer whose connection's deadlines can be set.
type dated struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *dated) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *dated) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

func TestUploadsHaveMoreTime(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	for _, c := range []struct {
		r    request
		more bool
	}{{parts(t, []string{"nonce", nonce}), true}, {request{body: form("nonce", nonce), contentType: "application/x-www-form-urlencoded"}, false}} {
		rec := &dated{ResponseRecorder: httptest.NewRecorder()}
		req := httptest.NewRequestWithContext(t.Context(), "POST", "/reports", strings.NewReader(c.r.body))
		req.Header.Set("Content-Type", c.r.contentType)
		w.server.ServeHTTP(rec, req)
		soon := time.Now().Add(uploadTime - time.Minute)
		if rec.read.After(soon) != c.more || rec.write.After(soon) != c.more {
			t.Errorf("%s: until %v and %v", c.r.contentType, rec.read, rec.write)
		}
	}
}

// A form without a proof of work is filed by the link that is mailed, and by a
// press of the button there.
func TestAFormWithoutAProofIsConfirmedByMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.withMail()
		pairs := []string{"nonce", nonce, "category", "scam", "description", "Gift cards."}
		body := form(append(pairs, "reporter_email", "jo@example.org")...)
		before := w.reports()
		spanish := []string{"Accept-Language", "es"}
		w.run([]scenario{
			{name: "no address", request: request{method: "POST", path: "/reports", body: form(pairs...)}, status: 422, says: []string{`id="r-reporter_email-error"`, "we need your e-mail", "Gift cards.", nonce}},
			{name: "our own address", request: request{method: "POST", path: "/reports", body: form(append(pairs, "reporter_email", "abuse@northtel.example")...)}, status: 422, says: []string{`id="r-reporter_email-error"`, "cannot write"}},
			{name: "what the form says", request: request{method: "GET", path: "/"}, status: 200, says: []string{"<noscript>", "we send you a link"}},
		})
		first := w.send(request{method: "POST", path: "/reports", body: body, header: spanish})
		second := w.send(request{method: "POST", path: "/reports", body: body, header: spanish})
		status := first.Header().Get("Location")
		if first.Code != 303 || second.Header().Get("Location") != status {
			t.Fatalf("%d %q, then %d %q", first.Code, status, second.Code, second.Header().Get("Location"))
		}
		l := w.deliver()
		if len(w.mail.letters) != 1 || l.Sending.Language != "es" || l.Sending.To != "jo@example.org" || !strings.HasPrefix(l.Confirm, status+"/confirm/") {
			t.Errorf("%d letters: %+v", len(w.mail.letters), l)
		}
		if w.reports() != before {
			t.Error("it is filed already")
		}
		w.run([]scenario{
			{name: "the status before", request: request{method: "GET", path: status}, status: 200, says: []string{"confirm your report", "after seven days"}, keeps: []string{"jo@example", "/details", l.Confirm[len(status):]}},
			{name: "details before", request: request{method: "POST", path: status + "/details", body: form("details", "more")}, status: 409},
			{name: "other contents", request: request{method: "POST", path: "/reports", body: strings.Replace(body, "Gift", "Credit", 1)}, status: 409, says: []string{"sent this form once already"}},
			{name: "a link that is wrong", request: request{method: "GET", path: status + "/confirm/" + strings.Repeat("0", 32)}, status: 404},
			{name: "a press of a wrong link", request: request{method: "POST", path: status + "/confirm/" + strings.Repeat("0", 32)}, status: 404},
			{name: "the link", request: request{method: "GET", path: l.Confirm}, status: 200, says: []string{"<form", "Send my report"}},
			{name: "the link again", request: request{method: "GET", path: l.Confirm, header: spanish}, status: 200, says: []string{"Enviar mi denuncia"}},
			{name: "from another site", request: request{method: "POST", path: l.Confirm, header: []string{"Sec-Fetch-Site", "cross-site"}}, status: 403},
		})
		if w.reports() != before {
			t.Error("looking at the link filed it")
		}
		w.run([]scenario{
			{name: "the button", request: request{method: "POST", path: l.Confirm}, status: 303, location: status},
			{name: "the button again", request: request{method: "POST", path: l.Confirm}, status: 303, location: status},
			{name: "the link after", request: request{method: "GET", path: l.Confirm}, status: 303, location: status},
			{name: "the status after", request: request{method: "GET", path: status}, status: 200, says: []string{"AB-2026-", "/details"}, keeps: []string{"confirm your report"}},
		})
		if got := w.reports() - before; got != 1 {
			t.Errorf("%d reports", got)
		}
	})
}

func TestWhatNobodyConfirmsIsGone(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	path := w.held()
	status, _, _ := strings.Cut(path, "/confirm/")
	if n, err := w.store.DropUnconfirmed(t.Context(), w.now.Add(cases.ConfirmWithin), 10); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	w.run([]scenario{
		{name: "its status", request: request{method: "GET", path: status}, status: 200, says: []string{"was not confirmed"}, keeps: []string{"/details"}},
		{name: "its link", request: request{method: "POST", path: path}, status: 404},
	})
}

// Where no mail can be sent a form without a proof of work is filed, and fewer of
// them are.
func TestFormsWithoutAProofAreFewer(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	var nth int
	send := func(mail bool, from, to string, pairs ...string) int {
		nth++
		pairs = append(pairs, "nonce", fmt.Sprintf("NONCENONCENONCE%05d", nth), "description", "It rang.", "reporter_email", to)
		return w.send(request{method: "POST", path: "/reports", body: form(pairs...), header: []string{"X-Forwarded-For", from}}).Code
	}
	for i := range UnprovedReports {
		// One customer's IPv6 addresses count as one.
		if code := send(false, fmt.Sprintf("2001:db8:1:2::%d", i), ""); code != 303 {
			t.Fatalf("form %d: %d", i+1, code)
		}
	}
	if code := send(false, "2001:db8:1:2:ffff::1", ""); code != http.StatusTooManyRequests {
		t.Errorf("one more from the same network: %d", code)
	}
	if code := send(false, "2001:db8:1:2::1", "", "altcha", w.solved()); code != 303 {
		t.Errorf("with a proof: %d", code)
	}
	if code := send(false, "2001:db8:1:3::1", ""); code != 303 {
		t.Errorf("from another network: %d", code)
	}
	w.withMail()
	for i := range Confirmations {
		if code := send(true, fmt.Sprintf("198.51.100.%d", i), "jo@example.org"); code != 303 {
			t.Fatalf("letter %d: %d", i+1, code)
		}
	}
	if code := send(true, "198.51.100.99", "JO@example.org"); code != http.StatusTooManyRequests {
		t.Errorf("one letter more to one address: %d", code)
	}
	if code := send(true, "198.51.100.99", "ann@example.org"); code != 303 {
		t.Errorf("a letter to another: %d", code)
	}
}

// Two clicks at the same moment, with one proof of work, are one report.
func TestTwoClicksAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.reports()
		body := form("nonce", nonce, "category", "scam", "description", "Twice.", "altcha", w.solved())
		var mu sync.Mutex
		ends := map[string]int{}
		var g sync.WaitGroup
		for range 4 {
			g.Go(func() {
				rec := w.send(request{method: "POST", path: "/reports", body: body})
				mu.Lock()
				defer mu.Unlock()
				ends[fmt.Sprint(rec.Code, " ", rec.Header().Get("Location"))]++
			})
		}
		g.Wait()
		if len(ends) != 1 || w.reports() != before+1 {
			t.Errorf("%v, %d reports", ends, w.reports()-before)
		}
	})
}

func TestOnlyTheFormRunsAWorker(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	for _, c := range []struct {
		r    request
		want string
	}{
		{request{method: "GET", path: "/"}, "worker-src 'self'"}, {request{method: "POST", path: "/reports", body: form("description", "x")}, "worker-src 'self'"},
		{request{method: "GET", path: "/reports/" + w.token}, "worker-src 'none'"}, {request{method: "GET", path: "/desk/sign-in"}, "worker-src 'none'"},
	} {
		if got := w.send(c.r).Header().Get("Content-Security-Policy"); !strings.HasSuffix(got, "; "+c.want) {
			t.Errorf("%s: %s", c.r.path, got)
		}
	}
}
