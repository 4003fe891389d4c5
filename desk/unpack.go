package desk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/intake"
)

const (
	// fetchTries is how often what a chat keeps is asked for before the report
	// says that it could not be had: the rest of the message must not wait for it.
	fetchTries = 6
	// sniffed is how much of a file its type is told from.
	sniffed = 3 << 10
)

// Unpack keeps the attachments of a message by their digests: each is read as a
// stream, its type is told from its bytes, and the scanner looks at it where
// there is one. Each is committed by itself, so that an attempt that runs out of
// time goes on where it was. failures is how often that has failed already.
func (d *Desk) Unpack(ctx context.Context, at cases.Attempt, messageID int64, failures int) error {
	m, err := d.Store.Message(ctx, messageID)
	if err != nil {
		return fmt.Errorf("message %d: %w", messageID, err)
	}
	have, err := d.Store.Unpacked(ctx, messageID)
	if err != nil {
		return fmt.Errorf("files of message %d: %w", messageID, err)
	}
	n := 0
	src := intake.Source{Open: func() (io.ReadCloser, error) { return d.Vault.Open(ctx, m.Kept()) }, Size: m.Size}
	err = intake.Unpack(m.Channel, m.Source, m.Meta.ContentType, src, func(a cases.Attachment, r io.Reader) error {
		position := n
		if n++; position < have || position >= intake.MaxAttachments {
			return nil
		}
		f, err := d.keepFile(ctx, a, r, failures)
		if err != nil {
			return fmt.Errorf("attachment %d: %w", position, err)
		}
		return d.Store.AddFile(ctx, at, d.now(), messageID, position, f)
	})
	if err != nil {
		return fmt.Errorf("unpack message %d: %w", messageID, err)
	}
	return d.Store.FinishJob(ctx, at, d.now())
}

// keepFile keeps one attachment; r is nil for one that is elsewhere.
func (d *Desk) keepFile(ctx context.Context, a cases.Attachment, r io.Reader, failures int) (cases.UnpackedFile, error) {
	f := cases.UnpackedFile{Attachment: a, State: cases.AttachmentRefused}
	var from *noted // of one that is fetched
	if r == nil {
		body, why, err := d.fetch(ctx, a.URL, failures)
		if err != nil || why != "" {
			f.Note = why
			return f, err
		}
		defer body.Close()
		from = &noted{Reader: body}
		r = from
	}
	// broke says why the server that keeps it did not give all of it.
	broke := func(err error) (cases.UnpackedFile, error) {
		if from == nil || from.err == nil {
			return f, err
		}
		if failures+1 < fetchTries {
			return f, &cases.Error{Kind: cases.KindUnavailable, Message: "a file of a chat broke off", Err: from.err}
		}
		f.Note = "could not be fetched: it broke off"
		return f, nil
	}
	in := bufio.NewReaderSize(r, sniffed)
	head, err := in.Peek(sniffed)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return broke(err)
	case len(head) == 0:
		f.Note = "the file is empty"
		return f, nil
	}
	f.File.Type = typeOf(head, a.Type)
	if f.File.Kept, err = d.Vault.Keep(ctx, in); err != nil {
		if cases.KindOf(err) == cases.KindTooLarge { // only what was fetched can be
			f.Note = "the file is larger than " + strconv.Itoa(cases.MaxMessageBytes>>20) + " MB"
			return f, nil
		}
		return broke(err)
	}
	f.State = cases.AttachmentStored
	if err := d.scan(ctx, &f); err != nil {
		// Nothing refers to it yet, and each further try would leave one more behind.
		return f, errors.Join(err, d.Vault.Discard(context.WithoutCancel(ctx), f.File.Kept))
	}
	return f, nil
}

// noted is a reader that remembers why it ended, but for its end.
type noted struct {
	io.Reader
	err error
}

func (n *noted) Read(p []byte) (int, error) {
	got, err := n.Reader.Read(p)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return got, err
}

// fetch gets what a chat keeps, or says why it cannot be had.
func (d *Desk) fetch(ctx context.Context, url string, failures int) (body io.ReadCloser, why string, err error) {
	if d.Fetcher == nil {
		return nil, "no files are fetched here", nil
	}
	body, err = d.Fetcher.Fetch(ctx, url)
	switch {
	case err == nil:
		return body, "", nil
	case cases.KindOf(err) == cases.KindUnavailable && failures+1 < fetchTries:
		return nil, "", err
	}
	why = "its server cannot be reached" // and no more, for an address can hold a secret
	if e, ok := errors.AsType[*cases.Error](err); ok {
		why = e.Message
	}
	return nil, "could not be fetched: " + why, nil
}

// scan asks the scanner about a file that is kept.
func (d *Desk) scan(ctx context.Context, f *cases.UnpackedFile) error {
	if d.Scanner == nil {
		return nil
	}
	body, err := d.Vault.Open(ctx, f.File.Kept)
	if err != nil {
		return err
	}
	defer body.Close()
	got, err := d.Scanner.Scan(ctx, body)
	switch {
	case err != nil:
		return &cases.Error{Kind: cases.KindUnavailable, Message: "the virus scanner", Err: err}
	case got.Found != "":
		f.State, f.File.Scan = cases.AttachmentInfected, got.Found
	case got.Skipped != "":
		f.File.Scan = "not scanned: " + got.Skipped
	default:
		f.File.Scan = "clean on " + d.now().Format(time.DateOnly)
	}
	return nil
}

// typeOf tells a type from the bytes. Containers hold sound or pictures alike:
// of these the sender's word decides whether it is only sound.
func typeOf(head []byte, declared string) string {
	t, _, err := mime.ParseMediaType(mimetype.Detect(head).String())
	if err != nil {
		return "application/octet-stream"
	}
	if sub, ok := strings.CutPrefix(t, "video/"); ok && strings.HasPrefix(declared, "audio/") && (sub == "webm" || sub == "mp4") {
		return "audio/" + sub
	}
	return t
}
