package web

import (
	"cmp"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// showAttachment hands out a file that somebody sent. Pictures and sound of a
// few types can stand in a page; everything else is only ever saved, as bytes
// of no type, so that nothing in it can act in our origin.
func (s *Server) showAttachment(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "attachment")
	if err != nil {
		return err
	}
	f, open, err := s.Desk.OpenAttachment(c.Request.Context(), a, id)
	if err != nil {
		return err
	}
	contentType, disposition := "application/octet-stream", "attachment"
	if _, save := c.GetQuery("save"); f.Shown() != "" && !save {
		contentType, disposition = strings.Replace(f.Type, "audio/x-m4a", "audio/mp4", 1), "inline"
	}
	h := c.Writer.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": cmp.Or(f.Name, "file-"+strconv.FormatInt(f.ID, 10))}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	body := &seeking{open: open, size: f.Size}
	defer body.Close()
	http.ServeContent(c.Writer, c.Request, "", f.CreatedAt, body)
	if body.err != nil {
		s.Log.Warn("attachment", "attachment", f.ID, "err", body.err)
	}
	return nil
}

// seeking reads sealed bytes from any place, which means to begin anew.
type seeking struct {
	open func(at int64) (io.ReadCloser, error)
	size int64
	at   int64
	body io.ReadCloser // nil: not open at at
	err  error         // what went wrong, but for the end
}

func (s *seeking) Read(p []byte) (int, error) {
	if s.at >= s.size {
		return 0, io.EOF
	}
	if s.body == nil {
		if s.body, s.err = s.open(s.at); s.err != nil {
			return 0, s.err
		}
	}
	n, err := s.body.Read(p)
	s.at += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func (s *seeking) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	if offset != s.at {
		s.Close()
		s.at = offset
	}
	return offset, nil
}

// Close ends the reading; the next Read begins it anew.
func (s *seeking) Close() error {
	if s.body == nil {
		return nil
	}
	err := s.body.Close()
	s.body = nil
	return err
}
