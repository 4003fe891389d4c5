package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
)

// routes is every route there is.
func (s *Server) routes(e *gin.Engine) error {
	e.Use(s.recover, s.observe, s.secure, s.idempotent)
	e.NoRoute(s.page(func(*gin.Context) error { return cases.NotFound("this page") }))
	e.NoMethod(s.page(func(*gin.Context) error {
		return &httpError{http.StatusMethodNotAllowed, cases.Forbidden("this address does not take that method")}
	}))

	// Probes.
	e.GET("/healthz", s.json(s.healthz))
	e.GET("/readyz", s.json(s.readyz))
	e.GET("/metrics", s.json(s.metrics))

	// Machines: the API (/api/v1/…, /api/openapi.json) brings its own routes.
	if err := describeExamples(s.api(e).OpenAPI()); err != nil {
		return err
	}
	e.GET("/api/docs", s.page(s.apiDocs))
	e.POST("/policy/v1/calls", bodyLimit(MaxPolicyBody), s.json(s.policy))
	e.POST("/hooks/chat/standard", bodyLimit(MaxHookBody), s.json(s.hookStandard))
	e.POST("/hooks/chat/chatwoot", bodyLimit(MaxHookBody), s.json(s.hookChatwoot))
	e.POST("/hooks/chat/intercom", bodyLimit(MaxHookBody), s.json(s.hookIntercom))
	e.GET("/hooks/chat/intercom", s.json(s.probeIntercom))
	e.HEAD("/hooks/chat/intercom", s.json(s.probeIntercom))

	s.pages(e)
	return nil
}

// pages are what people see: the form and the status page of the public, and
// the console of the desk.
func (s *Server) pages(e *gin.Engine) {
	e.GET("/assets/*file", gin.WrapH(s.Renderer.Assets()))
	e.GET("/", s.page(s.showForm))
	e.GET("/widget", s.page(s.showWidget))
	e.GET("/widget.js", s.page(s.widgetScript))
	e.POST("/reports", s.page(s.fileReport))
	e.GET("/reports/:token", s.page(s.showStatus))
	e.POST("/reports/:token/details", s.page(s.addDetails))
	e.GET("/reports/:token/confirm/:code", s.page(s.showConfirm))
	e.POST("/reports/:token/confirm/:code", s.page(s.confirmReport))

	d := e.Group("/desk")
	d.GET("", s.signedIn(func(c *gin.Context, _ cases.Actor) error { return see(c, "/desk/queue") }))
	d.GET("/sign-in", s.page(s.showSignIn))
	d.POST("/sign-in", s.page(s.signIn))
	d.POST("/sign-out", s.page(s.signOut))
	d.GET("/setup/:secret", s.page(s.showSetup))
	d.POST("/setup/:secret", s.page(s.setup))

	d.GET("/queue", s.signedIn(s.showQueue))
	d.GET("/urgent", s.signedIn(s.showUrgent))
	d.GET("/queue/new", s.signedIn(s.showNewWork))
	d.POST("/queue/claim-next", s.signedIn(s.claimNext))
	d.GET("/cases/:ref", s.signedIn(s.showCase))
	d.GET("/cases/:ref/preview", s.signedIn(s.showPreview))
	d.POST("/cases/:ref/claim", s.signedIn(s.claimCase))
	d.POST("/cases/:ref/release", s.signedIn(s.releaseCase))
	d.POST("/cases/:ref/note", s.signedIn(s.noteCase))
	d.POST("/cases/:ref/ask", s.signedIn(s.askReporter))
	d.POST("/cases/:ref/correct", s.signedIn(s.correctReport))
	d.POST("/cases/:ref/requester/verify", s.signedIn(s.verifyRequester))
	d.POST("/cases/:ref/requester/refuse", s.signedIn(s.refuseRequester))
	d.POST("/cases/:ref/requester/undo", s.signedIn(s.undoRequester))
	d.POST("/cases/:ref/answer", s.signedIn(s.answerTraceback))
	d.GET("/cases/:ref/pack", s.signedIn(s.showPack))
	d.GET("/cases/:ref/pack/as/:format", s.signedIn(s.downloadPack))
	d.GET("/cases/:ref/pack/sent/:digest", s.signedIn(s.showSentPack))
	d.POST("/cases/:ref/pack/build", s.signedIn(s.buildPack))
	d.POST("/cases/:ref/pack/review", s.signedIn(s.reviewPack))
	d.POST("/cases/:ref/pack/send", s.signedIn(s.sendPack))
	d.POST("/cases/:ref/resolve", s.signedIn(s.resolveCase))
	d.POST("/cases/:ref/refer", s.signedIn(s.referCase))
	d.POST("/cases/:ref/reopen", s.signedIn(s.reopenCase))
	d.POST("/cases/:ref/merge", s.signedIn(s.mergeCase))
	d.POST("/cases/:ref/unmerge", s.signedIn(s.unmergeCase))
	d.POST("/cases/:ref/restrict", s.signedIn(s.restrictCase))
	d.GET("/cases/:ref/restrict/blast", s.signedIn(s.showBlast))

	d.GET("/restrictions", s.signedIn(s.showRestrictions))
	d.GET("/restrictions/:id", s.signedIn(s.showRestriction))
	d.POST("/restrictions/:id/approve", s.signedIn(s.approveRestriction))
	d.POST("/restrictions/:id/reject", s.signedIn(s.rejectRestriction))
	d.POST("/restrictions/:id/lift", s.signedIn(s.liftRestriction))

	d.GET("/reports", s.signedIn(s.showReports))
	d.GET("/reports/:id", s.signedIn(s.showReport))
	d.POST("/reports/:id/reveal", s.signedIn(s.revealReporter))
	d.GET("/messages/:id", s.signedIn(s.rawMessage))
	d.GET("/attachments/:id", s.signedIn(s.showAttachment))
	d.GET("/campaigns", s.signedIn(s.showCampaigns))
	d.GET("/campaigns/:id", s.signedIn(s.showCampaign))
	d.GET("/signers", s.signedIn(s.showSigners))
	d.GET("/numbers", s.signedIn(s.showNumbers))
	d.GET("/numbers/:e164", s.signedIn(s.showNumber))
	d.GET("/accounts", s.signedIn(s.showAccounts))
	d.GET("/accounts/:id", s.signedIn(s.showAccount))
	d.POST("/accounts/:id/kyc", s.signedIn(s.editKYC))
	d.POST("/accounts/:id/kyc/open", s.signedIn(s.openKYC))
	d.POST("/accounts/:id/matches/:match", s.signedIn(s.decideMatch))
	d.GET("/returners", s.signedIn(s.showReturners))
	d.GET("/providers", s.signedIn(s.showProviders))
	d.GET("/providers/:id", s.signedIn(s.showProvider))
	d.GET("/lists", s.signedIn(s.showLists))

	d.GET("/sendings", s.signedIn(s.showSendings))
	d.POST("/sendings/:id/resolve", s.signedIn(s.decideSending))
	d.GET("/operations", s.signedIn(s.showOperations))
	d.POST("/operations/jobs/:id/retry", s.signedIn(s.retryJob))
	s.webhookPages(d)
	if s.Development {
		d.GET("/styleguide", s.signedIn(s.showStyleguide))
	}
}

func (s *Server) webhookPages(d *gin.RouterGroup) {
	d.GET("/webhooks", s.signedIn(s.showWebhooks))
	d.POST("/webhooks", s.signedIn(s.createWebhook))
	d.GET("/webhooks/:id", s.signedIn(s.showWebhook))
	d.POST("/webhooks/:id", s.signedIn(s.changeWebhook))
	d.POST("/webhooks/:id/enable", s.signedIn(s.enableWebhook))
	d.POST("/webhooks/:id/disable", s.signedIn(s.disableWebhook))
	d.POST("/webhooks/:id/rotate", s.signedIn(s.rotateWebhook))
	d.POST("/webhooks/:id/test", s.signedIn(s.testWebhook))
	d.POST("/webhooks/:id/delete", s.signedIn(s.deleteWebhook))
	d.POST("/webhooks/:id/redeliver", s.signedIn(s.redeliver))
}

// handler does one thing and returns what went wrong.
type handler func(*gin.Context) error

// json answers errors as application/problem+json.
func (s *Server) json(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			s.logFault(c, err)
			writeProblem(c.Writer, problemOf(err))
			c.Abort()
		}
	}
}

// page answers errors as a page, or as a problem to clients that want JSON.
func (s *Server) page(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		err := h(c)
		if err == nil {
			return
		}
		s.logFault(c, err)
		c.Abort()
		s.answerError(c, err)
	}
}

// answerError says what went wrong to whoever asked: a machine gets a problem,
// a person a page. An answer that has begun stays as it is.
func (s *Server) answerError(c *gin.Context, err error) {
	if c.Writer.Written() {
		return
	}
	p := c.Request.URL.Path
	for _, machines := range []string{"/api/", "/hooks/", "/policy/", "/healthz", "/readyz", "/metrics"} {
		if strings.HasPrefix(p, machines) {
			writeProblem(c.Writer, problemOf(err))
			return
		}
	}
	s.errorPage(c, err)
}

// logFault logs what is ours to mend; what the client did wrong is his.
func (s *Server) logFault(c *gin.Context, err error) {
	if statusOf(err) >= http.StatusInternalServerError && !errors.Is(err, c.Request.Context().Err()) {
		s.Log.Error("request", "request", requestID(c), "route", c.FullPath(), "method", c.Request.Method, "err", err)
	}
}
