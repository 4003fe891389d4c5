package intake

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"
)

func decodeAll(t *testing.T, encoding, s string) string {
	t.Helper()
	p := part{encoding: encoding, body: []byte(s)}
	whole, err := io.ReadAll(p.decoded())
	if err != nil {
		t.Fatal(err)
	}
	bytewise, err := io.ReadAll(iotest.OneByteReader(p.decoded()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(whole, bytewise) {
		t.Errorf("%.50q: byte by byte %.50q", whole, bytewise)
	}
	if len(whole) > len(s) {
		t.Errorf("%d bytes of %d", len(whole), len(s))
	}
	return string(whole)
}

func TestBase64(t *testing.T) {
	for s, want := range map[string]string{
		"YW55":                            "any",
		"YW55IA==":                        "any ",
		"YW55IGM=":                        "any c",
		"YW55IGM":                         "any c", // padding is missing
		"YW\r\n 55\t!*":                   "any",
		"YQ==YQ==":                        "aa", // two encodings
		"YQ==\r\nYW55\r\nYg==":            "aanyb",
		"Y":                               "",
		"====":                            "",
		"":                                "",
		strings.Repeat("QUJD\r\n", piece): strings.Repeat("ABC", piece),
	} {
		if got := decodeAll(t, "base64", s); got != want {
			t.Errorf("%.50q: %.50q, want %.50q", s, got, want)
		}
	}
}

func TestQuotedPrintable(t *testing.T) {
	long := strings.Repeat("a long line ", 2000)
	for s, want := range map[string]string{
		"caf=C3=A9 =e9":                          "caf\xc3\xa9 \xe9",
		"soft=\r\nbreak=\nagain":                 "softbreakagain",
		"soft= \t\r\nbreak":                      "softbreak",
		"dropped \t\r\nspaces ":                  "dropped\r\nspaces",
		"kept=20\r\n":                            "kept \r\n",
		"a = b =ZZ =A":                           "a = b =ZZ =A",
		"ends=":                                  "ends",
		"ends=  ":                                "ends",
		"raw \xff\x00 8-bit":                     "raw \xff\x00 8-bit",
		"":                                       "",
		long + "=41":                             long + "A",
		strings.Repeat("=\n", piece) + "x":       "x",
		"x" + strings.Repeat(" ", 3*piece) + "y": "x" + strings.Repeat(" ", 3*piece) + "y",
		"x" + strings.Repeat(" ", 3*piece) + "\ny":                      "x\ny",
		strings.Repeat("=C3=BC", piece) + strings.Repeat(" z", piece/2): strings.Repeat("ü", piece) + strings.Repeat(" z", piece/2),
	} {
		if got := decodeAll(t, "quoted-printable", s); got != want {
			t.Errorf("%.80q: %.80q, want %.80q", s, got, want)
		}
	}
}

// What is well-formed is decoded as the standard library does.
func FuzzTransferEncodings(f *testing.F) {
	f.Add([]byte("caf\xc3\xa9 = \t\r\nx "))
	f.Add([]byte("\x00\xff=3D\r\n.\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var quoted strings.Builder
		w := quotedprintable.NewWriter(&quoted)
		w.Binary = true
		w.Write(raw)
		w.Close()
		if got := decodeAll(t, "quoted-printable", quoted.String()); got != string(raw) {
			t.Errorf("quoted-printable: %q, want %q", got, raw)
		}
		if got := decodeAll(t, "base64", base64.StdEncoding.EncodeToString(raw)); got != string(raw) {
			t.Errorf("base64: %q, want %q", got, raw)
		}
		decodeAll(t, "quoted-printable", string(raw))
		decodeAll(t, "base64", string(raw))
	})
}
