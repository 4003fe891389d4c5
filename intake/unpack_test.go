package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/cases"
)

// gather measures what is handed over.
func gather(into *[]cases.Attachment) UnpackFunc {
	return func(a cases.Attachment, r io.Reader) error {
		if r != nil {
			digest := sha256.New()
			n, err := io.Copy(digest, r)
			if err != nil {
				return err
			}
			a.Bytes, a.SHA256 = n, hex.EncodeToString(digest.Sum(nil))
		}
		*into = append(*into, a)
		return nil
	}
}

// listed are the attachments that Read names, but for mails.
func listed(as []cases.Attachment) []cases.Attachment {
	var out []cases.Attachment
	for _, a := range as {
		if !isMessage(a.Type) {
			out = append(out, a)
		}
	}
	return sorted(out)
}

func sorted(as []cases.Attachment) []cases.Attachment {
	slices.SortFunc(as, func(a, b cases.Attachment) int { return strings.Compare(a.Name+a.SHA256, b.Name+b.SHA256) })
	return as
}

// Whatever of a mail is held, its attachments come out as they are listed.
func TestMailIsUnpackedAsListed(t *testing.T) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus", err)
	}
	unpacked := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range []holding{{whole: heldWhole, head: heldHead}, little, {whole: 1, head: 100}} {
			want, err := mailFrom(kept(raw), noon, h)
			if err != nil {
				t.Fatal(err)
			}
			var got []cases.Attachment
			if err := unpackMail(kept(raw), h, gather(&got)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if diff := cmp.Diff(listed(want.Attachments), sorted(got)); diff != "" {
				t.Errorf("%s, %d held (-listed +unpacked):\n%s", filepath.Base(file), h.whole, diff)
			}
			unpacked += len(got)
		}
	}
	if unpacked < 30 {
		t.Errorf("only %d attachments were unpacked", unpacked)
	}
}

func TestLargeMailIsUnpacked(t *testing.T) {
	wav := func(encoding, name, body string) string {
		return "--b\r\nContent-Type: audio/wav; name=" + name + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body + "\r\n"
	}
	sound := func(seed byte, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i*i>>7) + seed
		}
		return base64.StdEncoding.EncodeToString(b)
	}
	raw := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nThey called.\r\n" + wav("base64", "one.wav", sound(1, 90_000)) +
		wav("base64", "small.wav", sound(2, 90)) + wav("quoted-printable", "two.wav", strings.Repeat("caf=C3=A9 =\r\n", 4000)) + wav("binary", "three.wav", strings.Repeat("three\r\n", 9000)) +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + strings.ReplaceAll(wav("base64", "inside.wav", sound(3, 50_000)), "--b", "--c") + "--c--\r\n--b--\r\n")
	want := Mail(raw, noon)
	var got []cases.Attachment
	if err := unpackMail(kept(raw), little, gather(&got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(listed(want.Attachments), sorted(got)); diff != "" {
		t.Errorf("(-listed +unpacked):\n%s", diff)
	}
	if len(got) != 5 {
		t.Errorf("%d attachments", len(got))
	}
	// Who is given one need not read it.
	names := ""
	if err := unpackMail(kept(raw), little, func(a cases.Attachment, r io.Reader) error {
		names += a.Name + " "
		_, err := io.CopyN(io.Discard, r, 10)
		return err
	}); err != nil || len(strings.Fields(names)) != 5 {
		t.Errorf("%q, %v", names, err)
	}
	stop := errors.New("enough")
	if err := unpackMail(kept(raw), little, func(cases.Attachment, io.Reader) error { return stop }); err != stop {
		t.Errorf("%v, want what was returned", err)
	}
}

func TestOtherDoorsAreUnpacked(t *testing.T) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	w.WriteField("description", "They called.")
	part, _ := w.CreateFormFile("files", `C:\calls\..\ring.wav`)
	fmt.Fprint(part, strings.Repeat("ring", 10_000))
	part, _ = w.CreateFormFile("files", "shot.png")
	fmt.Fprint(part, "png")
	w.Close()
	upload := `[{"name":"a.txt","type":"text/plain","content":"aGVsbG8="},{"name":"b","content":"!"},7,{"name":"../c.wav","type":"audio/wav","content":"d2F2"}]`
	for _, x := range []struct {
		channel     cases.Channel
		contentType string
		body        string
		names       string
	}{
		{cases.ChannelWeb, w.FormDataContentType(), form.String(), "ring.wav shot.png"},
		{cases.ChannelWeb, w.FormDataContentType(), form.String()[:form.Len()/2], "ring.wav"},
		{cases.ChannelWeb, "application/x-www-form-urlencoded", "description=x", ""},
		{cases.ChannelWeb, "text/plain", "more", ""},
		{cases.ChannelAPI, "application/json", `{"description":"x","attachments":` + upload + `}`, "a.txt c.wav"},
		{cases.ChannelChat, "application/json", `{"type":"message.created","data":{"conversation_id":"c","text":"x","attachments":` + upload + `}}`, "a.txt c.wav"},
		{cases.ChannelAPI, "application/json", `{"attachments":{}}`, ""},
		{cases.ChannelAPI, "application/json", `[`, ""},
	} {
		p, err := Read(x.channel, x.contentType, kept([]byte(x.body)), noon)
		if err != nil {
			t.Fatal(err)
		}
		var got []cases.Attachment
		err = Unpack(x.channel, "", x.contentType, kept([]byte(x.body)), gather(&got))
		if err != nil {
			t.Errorf("%s: %v", x.contentType, err)
		}
		var names []string
		for _, a := range got {
			names = append(names, a.Name)
		}
		if strings.Join(names, " ") != x.names {
			t.Errorf("%s of %s: %v, want %s", x.contentType, x.channel, names, x.names)
		}
		if diff := cmp.Diff(listed(p.Attachments), sorted(got)); diff != "" && x.names != "ring.wav" {
			t.Errorf("%s of %s (-listed +unpacked):\n%s", x.contentType, x.channel, diff)
		}
	}
}

// What cannot be read is an error: trying again may help.
func TestUnpackSaysWhenTheSourceFails(t *testing.T) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, name := range []string{"a.wav", "b.wav"} {
		part, _ := w.CreateFormFile("files", name)
		part.Write(bytes.Repeat([]byte("x"), 10_000))
	}
	w.Close()
	// Also one that looks like the end of what was sent.
	for _, lost := range []error{errors.New("connection reset"), io.ErrUnexpectedEOF} {
		for _, after := range []int{100, 5_000, 10_200, form.Len() - 1} {
			half := Source{Size: int64(form.Len()), Open: func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(bytes.NewReader(form.Bytes()[:after]), iotest.ErrReader(lost))), nil
			}}
			var got []cases.Attachment
			if err := Unpack(cases.ChannelWeb, "", w.FormDataContentType(), half, gather(&got)); !errors.Is(err, lost) {
				t.Errorf("%v after %d bytes: %v", lost, after, err)
			}
		}
	}
	broken := Source{Size: 100, Open: func() (io.ReadCloser, error) { return nil, errors.New("the disk is gone") }}
	for _, contentType := range []string{"message/rfc822", "multipart/form-data; boundary=x", "application/json"} {
		if err := Unpack(cases.ChannelWeb, "", contentType, broken, func(cases.Attachment, io.Reader) error { return nil }); err == nil {
			t.Errorf("%s: no error", contentType)
		}
	}
}
