// Package clamd asks a clamd (ClamAV) about files, over TCP or a local socket.
// It must not know where files come from or what becomes of them.
package clamd

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

const (
	// chunk is how much is sent at a time.
	chunk = 64 << 10
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 4 << 10
	// patience is how long a scan may take: clamd unpacks archives.
	patience = 45 * time.Second
)

// Client asks one clamd. Safe for concurrent use.
type Client struct{ network, address string }

// New takes tcp://host:port or unix:///path.
func New(address string) (*Client, error) {
	u, err := url.Parse(address)
	switch {
	case err == nil && u.Scheme == "tcp" && u.Port() != "" && u.Path == "":
		return &Client{"tcp", u.Host}, nil
	case err == nil && u.Scheme == "unix" && u.Host == "" && u.Path != "":
		return &Client{"unix", u.Path}, nil
	}
	return nil, errors.New("use tcp://host:3310 or unix:///run/clamav/clamd.ctl")
}

// Scan sends r with INSTREAM (clamd(8)). An error means that nobody knows; a
// file that is larger than clamd's StreamMaxLength, or that it cannot read, is
// Skipped, because asking again would be answered alike.
func (c *Client) Scan(ctx context.Context, r io.Reader) (cases.Scanned, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, c.network, c.address)
	if err != nil {
		return cases.Scanned{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return cases.Scanned{}, err
	}
	source, sent := stream(conn, r)
	if source != nil {
		return cases.Scanned{}, source
	}
	// A clamd that has had enough answers before it was sent everything.
	answer, err := io.ReadAll(io.LimitReader(conn, maxAnswer))
	if len(answer) == 0 {
		return cases.Scanned{}, errors.Join(fmt.Errorf("clamd did not answer"), sent, err)
	}
	return verdict(strings.TrimRight(string(answer), "\x00\n"))
}

// stream sends r in chunks, each behind its length, and an empty one at the end.
func stream(w io.Writer, r io.Reader) (source, sent error) {
	b := make([]byte, 4+chunk)
	for {
		n, err := io.ReadFull(r, b[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(b, uint32(n))
			if _, err := w.Write(b[:4+n]); err != nil {
				return nil, err
			}
		}
		switch err {
		case nil:
			continue
		case io.EOF, io.ErrUnexpectedEOF:
			_, err := w.Write(make([]byte, 4))
			return nil, err
		}
		return err, nil
	}
}

// verdict reads "stream: OK", "stream: Eicar-Test-Signature FOUND" and "… ERROR".
func verdict(answer string) (cases.Scanned, error) {
	said := strings.TrimPrefix(answer, "stream: ")
	switch {
	case said == "OK":
		return cases.Scanned{}, nil
	case strings.HasSuffix(said, " FOUND"):
		return cases.Scanned{Found: strings.TrimSuffix(said, " FOUND")}, nil
	case strings.Contains(said, "size limit exceeded"):
		return cases.Scanned{Skipped: "larger than clamd takes"}, nil
	case strings.HasPrefix(answer, "stream: ") && strings.HasSuffix(said, " ERROR"):
		return cases.Scanned{Skipped: strings.TrimSuffix(said, " ERROR")}, nil
	}
	return cases.Scanned{}, fmt.Errorf("clamd answered %q", answer)
}
