package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/desk"
)

// How long a repetition waits for the first request, and how often it looks.
const (
	requestPatience = 10 * time.Second
	requestLook     = 50 * time.Millisecond
)

// idempotent makes a request with an Idempotency-Key happen once: whoever
// repeats it gets the first answer again, also when both come at once, and also
// after a crash in between. Reports have keys of their own, which live as long
// as they do, and call records are idempotent without one.
func (s *Server) idempotent(c *gin.Context) {
	key := c.GetHeader("Idempotency-Key")
	path := c.FullPath()
	if key == "" || c.Request.Method != http.MethodPost || !strings.HasPrefix(path, "/api/v1/") || path == "/api/v1/reports" || path == "/api/v1/calls" {
		return
	}
	actor, err := s.keyActor(c)
	if err != nil {
		return // the operation refuses in its own words
	}
	if err := s.once(c, actor, key); err != nil {
		s.logFault(c, err)
		writeProblem(c.Writer, problemOf(err))
		c.Abort()
	}
}

func (s *Server) once(c *gin.Context, actor cases.Actor, key string) error {
	if len(key) > cases.MaxRequestKey {
		return &locatedError{"header.Idempotency-Key", cases.Invalid(cases.Problem{Field: "Idempotency-Key", Message: fmt.Sprintf("at most %d bytes", cases.MaxRequestKey)})}
	}
	body, err := readAll(http.MaxBytesReader(c.Writer, c.Request.Body, MaxJSONBody))
	if err != nil {
		return err
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	ask := cases.IdempotentRequest{Client: actor.ID, Key: key, Operation: "POST " + c.FullPath(), Digest: digestOf(c.Request.URL.RequestURI(), string(body))}
	ctx := c.Request.Context()
	known, mine, err := s.claimKey(ctx, ask)
	if err != nil {
		return err
	}
	if !mine {
		return s.repeat(c, actor, known)
	}
	held := &heldWriter{ResponseWriter: c.Writer, status: http.StatusOK}
	c.Writer, c.Request = held, c.Request.WithContext(cases.WithRequest(ctx, known))
	defer func() { c.Writer = held.ResponseWriter }()
	c.Next()
	// The effect is there: what becomes of the connection changes nothing.
	ctx = context.WithoutCancel(ctx)
	if held.status < 300 {
		err = s.Desk.AnswerRequest(ctx, known, held.status, held.body.Bytes())
	} else {
		err = s.Desk.DropRequest(ctx, known)
	}
	if err != nil {
		s.Log.Error("keep the answer to an idempotent request", "operation", known.Operation, "err", err)
	}
	return held.release()
}

// digestOf names what is asked for.
func digestOf(uri, body string) string {
	sum := sha256.Sum256([]byte(uri + "\n" + body))
	return hex.EncodeToString(sum[:])
}

// claimKey claims the key, or waits for who has it.
func (s *Server) claimKey(ctx context.Context, ask cases.IdempotentRequest) (cases.IdempotentRequest, bool, error) {
	// Patience is for the other request; a database that is slow is another matter.
	patience := time.NewTimer(s.patience)
	defer patience.Stop()
	for {
		known, mine, err := s.Desk.BeginRequest(ctx, ask)
		if cases.KindOf(err) != cases.KindUnavailable {
			return known, mine, err
		}
		select {
		case <-ctx.Done():
			return known, false, err
		case <-patience.C:
			return known, false, err
		case <-time.After(requestLook):
		}
	}
}

// repeat answers a repetition.
func (s *Server) repeat(c *gin.Context, actor cases.Actor, r cases.IdempotentRequest) error {
	body, err := s.Desk.RequestAnswer(c.Request.Context(), r)
	status := r.Status
	if errors.Is(err, desk.ErrAnswerLost) {
		status, body, err = s.retold(c, actor, r)
	}
	if err != nil {
		return err
	}
	c.Header("Idempotency-Replayed", "true")
	c.Abort()
	if len(body) == 0 {
		c.Status(status)
		c.Writer.WriteHeaderNow()
		return nil
	}
	c.Data(status, "application/json", body)
	return nil
}

// retold makes the answer to a request whose first answer was lost of what its
// effect is about.
func (s *Server) retold(c *gin.Context, actor cases.Actor, r cases.IdempotentRequest) (int, []byte, error) {
	ctx, last := c.Request.Context(), r.Operation[strings.LastIndex(r.Operation, "/")+1:]
	id, _ := strconv.ParseInt(r.ObjectID, 10, 64)
	switch {
	case last == "merge" || last == "unmerge" || last == "test":
		return http.StatusNoContent, nil, nil
	case r.ObjectKind == "case":
		d, err := s.Desk.Dossier(ctx, actor, r.ObjectID)
		return asJSON(http.StatusOK, caseToJSON(d.Case), err)
	case r.ObjectKind == "restriction":
		x, _, err := s.Desk.Restriction(ctx, actor, id)
		return asJSON(created(last == "restrictions"), x, err)
	case r.ObjectKind == "account" && last == "decide":
		of, err := s.Desk.MatchesOf(ctx, actor, r.ObjectID)
		if err != nil {
			return 0, nil, err
		}
		for _, m := range of {
			if strings.HasSuffix(strings.TrimSuffix(r.Operation, "/decide"), fmt.Sprintf("/%d", m.ID)) {
				return asJSON(http.StatusOK, m, nil)
			}
		}
	case r.ObjectKind == "webhook" && last != "redeliver":
		w, err := s.Desk.Webhook(ctx, actor, id)
		return asJSON(created(last == "webhooks"), webhookToJSON(w), err)
	}
	return 0, nil, cases.Conflict("this request was carried out before, and its answer was lost")
}

func created(yes bool) int {
	if yes {
		return http.StatusCreated
	}
	return http.StatusOK
}

// heldWriter keeps an answer back until it is known to be kept.
type heldWriter struct {
	gin.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *heldWriter) WriteHeader(status int)            { w.status = status }
func (w *heldWriter) WriteHeaderNow()                   {}
func (w *heldWriter) Write(b []byte) (int, error)       { return w.body.Write(b) }
func (w *heldWriter) WriteString(s string) (int, error) { return w.body.WriteString(s) }
func (w *heldWriter) Status() int                       { return w.status }
func (w *heldWriter) Written() bool                     { return w.body.Len() > 0 }
func (w *heldWriter) Size() int                         { return w.body.Len() }

func (w *heldWriter) release() error {
	w.ResponseWriter.WriteHeader(w.status)
	w.ResponseWriter.WriteHeaderNow()
	if w.body.Len() == 0 {
		return nil // a 204 may have none
	}
	_, err := w.ResponseWriter.Write(w.body.Bytes())
	return err
}
