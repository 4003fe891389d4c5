package web

import (
	"encoding/json"
	"math"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/restrict"
)

// MaxPolicyBody bounds one question; a real one has a few hundred bytes.
const MaxPolicyBody = 16 << 10

type policyRequest struct {
	CallID        string   `json:"call_id,omitempty" doc:"SIP Call-ID"`
	Account       string   `json:"account,omitempty" doc:"Account id, where the switch knows it"`
	Connection    string   `json:"connection,omitempty" doc:"Connection id, where the switch knows it"`
	SourceIP      string   `json:"source_ip,omitempty" doc:"Resolves the connection where neither is given"`
	TechPrefix    string   `json:"tech_prefix,omitempty" doc:"Likewise, where customers share an address"`
	From          string   `json:"from" doc:"Caller ID as it would be shown"`
	To            string   `json:"to" doc:"As dialled: number, sip: or tel: URI, urn:service:sos"`
	RatePerMinute *float64 `json:"rate_per_minute,omitempty" doc:"US dollars a minute; absent: the rate deck is asked"`
	ActiveCalls   *int     `json:"active_calls,omitempty" doc:"In progress on the account, without this one"`
}

type policyAnswer struct {
	Action      restrict.Action     `json:"action" enum:"allow,refuse"`
	SIPCode     int                 `json:"sip_code,omitempty"`
	SIPPhrase   string              `json:"sip_phrase,omitempty"`
	SIPReason   string              `json:"sip_reason,omitempty" doc:"Value of the SIP Reason header"`
	Reason      string              `json:"reason,omitempty" doc:"In words"`
	ReasonCode  restrict.ReasonCode `json:"reason_code,omitempty"`
	Restriction int64               `json:"restriction,omitempty" doc:"Which one refuses"`
	Revision    int64               `json:"revision" doc:"Of the snapshot that decided"`
	ByFailMode  bool                `json:"by_fail_mode,omitempty" doc:"Something was not known, and the configured fail mode decided"`
	MaxChannels *int                `json:"max_channels,omitempty" doc:"Calls at once that the switch must hold; absent: no limit"`
	MaxSeconds  *int                `json:"max_seconds,omitempty" doc:"Longest call that the switch must hold; absent: no limit"`
}

// policy answers one outbound call. It touches neither database nor Redis:
// the snapshot is in memory, and so is who the key belongs to.
func (s *Server) policy(c *gin.Context) error {
	started := time.Now()
	a, err := s.keyActor(c)
	if err != nil {
		return err
	}
	if err := cases.Permit(a, cases.CmdAskPolicy); err != nil {
		return err
	}
	var in policyRequest
	if err := json.NewDecoder(c.Request.Body).Decode(&in); err != nil {
		if statusOf(err) == http.StatusRequestEntityTooLarge {
			return err
		}
		return &httpError{http.StatusBadRequest, &cases.Error{Kind: cases.KindInvalid, Message: "the body is not the JSON of one call", Err: err}}
	}
	if in.To == "" {
		return cases.Invalid(cases.Problem{Field: "to", Message: "say which number was dialled"})
	}
	q := restrict.Request{CallID: in.CallID, Account: in.Account, Connection: in.Connection, SourceIP: in.SourceIP, TechPrefix: in.TechPrefix,
		From: in.From, To: in.To, RatePerMinute: -1, ActiveCalls: -1}
	if r := in.RatePerMinute; r != nil {
		if *r < 0 || *r > 1e6 {
			return cases.Invalid(cases.Problem{Field: "rate_per_minute", Message: "US dollars a minute, 0 or more"})
		}
		q.RatePerMinute = int64(math.Round(*r * 1e6))
	}
	if n := in.ActiveCalls; n != nil {
		if *n < 0 {
			return cases.Invalid(cases.Problem{Field: "active_calls", Message: "0 or more"})
		}
		q.ActiveCalls = *n
	}
	ans := s.Policy.Decide(q)
	out := policyAnswer{Action: ans.Action, SIPCode: ans.SIPCode, SIPPhrase: ans.SIPPhrase, SIPReason: ans.SIPReason, Reason: ans.Reason, ReasonCode: ans.ReasonCode,
		Restriction: ans.RestrictionID, Revision: ans.Revision, ByFailMode: ans.ByFailMode}
	if ans.MaxChannels != restrict.NoLimit {
		out.MaxChannels = &ans.MaxChannels
	}
	if ans.MaxSeconds != restrict.NoLimit {
		out.MaxSeconds = &ans.MaxSeconds
	}
	s.Observe.Policy(string(ans.Action), string(ans.ReasonCode), time.Since(started))
	c.JSON(http.StatusOK, out)
	return nil
}

// describePolicy puts the endpoint, which gin serves, into the description.
func (s *Server) describePolicy(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	in, out := schemas.Schema(reflect.TypeFor[policyRequest](), true, "PolicyRequest"), schemas.Schema(reflect.TypeFor[policyAnswer](), true, "PolicyAnswer")
	api.OpenAPI().AddOperation(&huma.Operation{OperationID: "ask-policy", Method: http.MethodPost, Path: "/policy/v1/calls", Tags: []string{"policy"},
		Summary: "One outbound call: allow or refuse", Security: needsKey,
		Description: "For a switch, with a key of scope policy. Emergency calls are decided first and always allowed.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: in}}},
		Responses:   map[string]*huma.Response{"200": {Description: "The decision", Content: map[string]*huma.MediaType{"application/json": {Schema: out}}}}})
}
