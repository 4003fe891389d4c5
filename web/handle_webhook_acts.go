package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

func (s *Server) changeWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err != nil {
		return err
	}
	var f WebhookForm
	_, err = s.Desk.ChangeWebhook(c.Request.Context(), a, id, f.typed(c))
	if f.wrong(err) {
		p, perr := s.webhookPage(c, a, id)
		if perr != nil {
			return perr
		}
		p.Edit = f
		return s.render(c, http.StatusUnprocessableEntity, p)
	}
	return s.actedOnWebhook(c, id, err, "Changed.")
}

// actedOnWebhook returns to the webhook with a sentence about what was done.
func (s *Server) actedOnWebhook(c *gin.Context, id int64, err error, text string) error {
	return s.acted(c, err, text, fmt.Sprintf("/desk/webhooks/%d", id))
}

func (s *Server) enableWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err == nil {
		_, err = s.Desk.EnableWebhook(c.Request.Context(), a, id)
	}
	return s.actedOnWebhook(c, id, err, "Events are sent again from now on.")
}

func (s *Server) disableWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err == nil {
		_, err = s.Desk.DisableWebhook(c.Request.Context(), a, id, c.PostForm("reason"))
	}
	return s.actedOnWebhook(c, id, err, "Nothing is sent any more.")
}

func (s *Server) rotateWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err != nil {
		return err
	}
	_, secret, err := s.Desk.RotateWebhook(c.Request.Context(), a, id)
	if err != nil {
		return err
	}
	return s.showSecret(c, a, id, secret)
}

func (s *Server) testWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err == nil {
		err = s.Desk.TestWebhook(c.Request.Context(), a, id)
	}
	return s.actedOnWebhook(c, id, err, "A test event is on its way.")
}

func (s *Server) deleteWebhook(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err == nil {
		err = s.Desk.DeleteWebhook(c.Request.Context(), a, id)
	}
	return s.acted(c, err, "The webhook is gone, with all that was kept about it.", "/desk/webhooks")
}

// redeliver sends one delivery again, or without one in the form all that were
// given up.
func (s *Server) redeliver(c *gin.Context, a cases.Actor) error {
	id, err := pathID(c, "webhook")
	if err != nil {
		return err
	}
	var delivery int64
	if text := c.PostForm("delivery"); text != "" {
		if delivery, err = strconv.ParseInt(text, 10, 64); err != nil || delivery < 1 {
			return cases.NotFound("delivery " + strconv.Quote(text))
		}
	}
	n, err := s.Desk.Redeliver(c.Request.Context(), a, id, delivery)
	return s.actedOnWebhook(c, id, err, count(n, "event is", "events are")+" sent again.")
}
