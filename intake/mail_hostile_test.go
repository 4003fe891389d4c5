package intake_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/abusedesk/abusedesk/intake"
)

// hostile are mails of about size bytes that are dear to a parser that looks
// back, ahead or twice.
func hostile(size int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	some := func(s string) string { s = fill(s); return s[:min(len(s), 60<<10)] } // more of one field is cut off
	head := func(contentType string) string { return "Content-Type: " + contentType + "\r\n\r\n" }
	nested := strings.Builder{}
	for i := range 30 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	encoded := "Content-Type: text/plain\r\n\r\n" + fill("x ")[:size/18]
	for range 10 {
		encoded = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(encoded))
	}
	return map[string]string{
		"unterminated multiparts":  nested.String() + fill("--b1\r\n--b2\r\n--b3x\r\n"),
		"nested multiparts":        fill("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"),
		"multiparts in parts":      head("multipart/mixed; boundary=b") + fill("--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n"),
		"related parts":            head("multipart/related; boundary=b; start=none") + fill("--b\r\nContent-Id: <x>\r\n\r\nx\r\n"),
		"alternatives":             head("multipart/alternative; boundary=b") + fill("--b\r\nContent-Type: text/html\r\n\r\n<p>x\r\n"),
		"boundaries in a line":     head("multipart/mixed; boundary=b") + fill("--b"),
		"almost boundaries":        head("multipart/mixed; boundary=b") + fill("\n--bb"),
		"empty parts":              head("multipart/mixed; boundary=b") + fill("--b\r\n"),
		"ended again and again":    head("multipart/mixed; boundary=b") + fill("--b--\r\n"),
		"header fields":            fill("X-A: b\r\n") + "\r\nx",
		"received":                 fill("Received: from a by b.example\r\nAuthentication-Results: b.example; dkim=pass\r\n") + "\r\nx",
		"encoded words":            "Subject: " + fill("=?utf-8?B?w7w=?= ") + "\r\n\r\nx",
		"beginnings of words":      "Subject: " + fill("=?a?q?") + "\r\n\r\nx",
		"folded for ever":          "Subject: x" + fill("\r\n y") + "\r\n\r\nx",
		"parameters":               head("text/plain"+some("; a*1*=b")) + fill("x"),
		"unclosed quotes":          head("text/plain"+some(`; a="b`)) + fill("x"),
		"no header lines":          fill("word word\n"),
		"one line":                 "\r\n" + fill("x"),
		"lines of one CR":          fill("x\r"),
		"equals signs":             "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("= "),
		"soft line breaks":         "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("=\r\n"),
		"spaces, quoted printable": "Content-Transfer-Encoding: quoted-printable\r\n\r\n=" + fill(" ") + "x",
		"stray base64":             "Content-Transfer-Encoding: base64\r\n\r\n" + fill("!Q"),
		"padding":                  "Content-Transfer-Encoding: base64\r\n\r\n" + fill("QQ=="),
		"tags":                     head("text/html") + fill("<div><blockquote>"),
		"an open tag":              head("text/html") + "<a " + fill("b=c "),
		"pictures":                 head("text/html") + fill("<img alt=x>"),
		"hidden":                   head("text/html") + "<title>" + fill("<p>x"),
		"less-than":                head("text/html") + fill("<"),
		"entities":                 head("text/html") + fill("&amp;&#"),
		"quotes":                   "References: <a@b>\r\n\r\n" + fill("> > > x\n"),
		"attributions":             "References: <a@b>\r\n\r\n" + fill("On 1 2 3 4 x@y <z@y>:\n\n"),
		"underscores":              "References: <a@b>\r\n\r\n" + fill("__________\n"),
		"flowed":                   "Content-Type: text/plain; format=flowed\r\n\r\n" + fill("a \n"),
		"armour":                   "\r\n" + fill("-----BEGIN PGP SIGNED MESSAGE-----\n") + "-----END PGP SIGNATURE-----\n",
		"bounces":                  "Return-Path: <>\r\nContent-Type: message/delivery-status\r\n\r\n" + fill("Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n\r\n"),
		"X-ARF":                    head("application/json") + `{"xarf_version": "4", "x": [` + fill(`{"a": 1}, `),
		"X-ARF evidence":           head("application/json") + `{"xarf_version": "4", "evidence": [` + fill(`{"content_type": "text/plain", "payload": "QUJD"}, `),
		"S/MIME":                   head("application/pkcs7-mime") + "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + fill("\xa0\x80\x30\x80"),
		"tokens":                   "\r\n" + fill("eyJ"),
		"numbers":                  "\r\n" + fill("202-555-0143 "),
		"number beginnings":        "\r\n" + fill("+1 (2"),
		"cues":                     "\r\n" + fill("call from "),
		"times":                    "\r\n" + fill("on 1/2 at 3:15 pm "),
		"addresses":                "From: " + some("<a@b>,(") + "\r\nTo: " + fill("a@b.example, ") + "\r\n\r\nx",
		"charset to be guessed":    "\r\n" + fill("\xd0\xe0\xff "),
		"UTF-7":                    head("text/plain; charset=utf-7") + fill("+A"),
		"messages in messages":     strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 40) + fill("x"),
		"encoded messages":         encoded,
		"combining marks":          "\r\n" + fill("e\u0301\u0301\u0301"),
	}
}

// Eight times the size takes about eight times as long, or less where a limit is
// reached. What is quadratic takes 64 times as long.
func TestMailIsLinear(t *testing.T) {
	const small, times = 32 << 10, 8
	large := hostile(small * times)
	for name, raw := range hostile(small) {
		checkParsed(t, intake.Mail([]byte(large[name]), us))
		atMost(t, name, 3*times, []byte(raw), []byte(large[name]))
	}
}

// Each further level of nested multiparts that never end costs what it adds, and
// nothing below the limit of nesting is looked at.
func TestNestedMultipartsAreLinear(t *testing.T) {
	nested := func(levels int) []byte {
		var b strings.Builder
		for i := range levels {
			fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return []byte(b.String())
	}
	for _, levels := range []int{6, 12, 500} {
		atMost(t, fmt.Sprint(levels, " levels"), 8, nested(levels), nested(2*levels))
	}
}

// atMost fails when all takes more than times as long as one, in processor time,
// because other programs run on the same machine. The faster of two readings
// counts. Less than a millisecond is taken as one: what is quadratic takes longer.
func atMost(t *testing.T, name string, times float64, one, all []byte) {
	t.Helper()
	faster := func(raw []byte) time.Duration {
		best := time.Hour
		for range 2 {
			start := processorTime(t)
			intake.Mail(raw, us)
			best = min(best, processorTime(t)-start)
		}
		return max(best, time.Millisecond)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	ratio := 0.0
	for range 3 {
		runtime.GC()
		if ratio = float64(faster(all)) / float64(faster(one)); ratio <= times {
			return
		}
	}
	t.Errorf("%s: %.0f times as long for %d times the size", name, ratio, len(all)/len(one))
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkMailHostile(b *testing.B) {
	for name, raw := range hostile(1 << 20) {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				intake.Mail([]byte(raw), us)
			}
		})
	}
}

// BenchmarkMailCorpus is what ordinary mails cost, one after the other.
func BenchmarkMailCorpus(b *testing.B) {
	var raws [][]byte
	size := 0
	for _, file := range corpus(b) {
		raw := readFile(b, file)
		raws = append(raws, raw)
		size += len(raw)
	}
	b.SetBytes(int64(size))
	b.ReportMetric(float64(len(raws)), "mails/op")
	for b.Loop() {
		for _, raw := range raws {
			intake.Mail(raw, us)
		}
	}
}
