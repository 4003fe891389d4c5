package shaken

import (
	"fmt"
	"strings"
)

// token is one PASSporT of a call, as far as it could be read.
type token struct {
	header  Header
	wrong   []string // with the header's grammar
	nested  bool     // it came in the "opt" claim of another and has no header parameters
	parent  *token   // whose "opt" it is
	signed  string   // the octets that were signed: everything before the second dot
	jose    *value   // nil if unreadable
	payload *value   // nil if unreadable, or to be rebuilt
	sig     []byte
	sigErr  error
	badJSON []string // what is wrong with encoding and JSON

	x5u, ppt string
	claims   claims
	chain    *Chain
	checks   []Check // in the order of the report
}

func (t *token) report(name CheckName, r Result, format string, args ...any) {
	reason := format
	if len(args) > 0 {
		reason = fmt.Sprintf(format, args...)
	}
	t.checks = append(t.checks, Check{Name: name, Result: r, Reason: reason})
}

func (t *token) result(name CheckName) Result {
	for _, c := range t.checks {
		if c.Name == name {
			return c.Result
		}
	}
	return ""
}

// readToken takes a header value apart into octets and JSON. It never fails: what
// could not be read is noted for the checks.
func readToken(h Header, wrong []string) *token {
	t := &token{header: h, wrong: wrong}
	head, rest, ok1 := strings.Cut(h.Token, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	t.x5u, t.ppt = h.Info, h.PPT
	if !ok1 || !ok2 {
		t.badJSON = append(t.badJSON, "the token does not have three parts")
		return t
	}
	t.signed = h.Token[:len(head)+1+len(body)]
	if t.sig, t.sigErr = decodeSegment(sig); t.sigErr == nil && len(t.sig) == 0 {
		t.sigErr = fmt.Errorf("is empty")
	}
	if h.Compact() {
		return t
	}
	t.jose = t.object("JOSE header", head)
	t.payload = t.object("payload", body)
	if t.jose != nil {
		if v := t.jose.get("x5u"); v != nil && v.kind == kindString && v.text != "" {
			t.x5u = v.text
		}
		t.ppt = ""
		if v := t.jose.get("ppt"); v != nil && v.kind == kindString {
			t.ppt = v.text
		}
	}
	return t
}

func (t *token) object(what, segment string) *value {
	raw, err := decodeSegment(segment)
	if err == nil {
		var v value
		if v, err = parseObject(raw); err == nil {
			return &v
		}
	}
	t.badJSON = append(t.badJSON, "the "+what+" "+err.Error())
	return nil
}

// checkHeader reports on the grammar.
func (t *token) checkHeader() {
	switch {
	case t.nested:
		t.report(CheckHeader, Skipped, "The token came inside another one and has no header of its own.")
	case len(t.wrong) > 0:
		t.report(CheckHeader, Fail, "The Identity header is not as RFC 8224 section 4 has it: %s.", strings.Join(t.wrong, "; "))
	case t.header.Compact():
		t.report(CheckHeader, Pass, "The header is well formed; the token is in compact form.")
	default:
		t.report(CheckHeader, Pass, "The header is well formed.")
	}
}

// checkToken reports on encoding, JSON and the JOSE header (RFC 8225 section 4,
// RFC 7515 section 4.1) and its agreement with the parameters (RFC 8224 section 4).
func (t *token) checkToken() {
	wrong := t.badJSON
	h := t.header
	if h.Compact() {
		if h.Alg != "" && h.Alg != "ES256" {
			wrong = append(wrong, "alg is "+quote(h.Alg)+", not ES256")
		}
	} else if j := t.jose; j != nil {
		wrong = append(wrong, mustBe(j, "alg", "ES256")...)
		wrong = append(wrong, mustBe(j, "typ", "passport")...)
		switch v := j.get("x5u"); {
		case v == nil:
			wrong = append(wrong, "x5u is missing")
		case v.kind != kindString || v.text == "":
			wrong = append(wrong, "x5u is not a string")
		case h.Info != "" && h.Info != v.text:
			wrong = append(wrong, "x5u differs from the info parameter")
		}
		if v := j.get("ppt"); v != nil && (v.kind != kindString || v.text == "") {
			wrong = append(wrong, "ppt is not a string")
		} else if h.PPT != "" && h.PPT != t.ppt {
			wrong = append(wrong, "ppt is "+quote(t.ppt)+" in the token and "+quote(h.PPT)+" in the header parameter")
		}
		if v := j.get("alg"); h.Alg != "" && (v == nil || v.text != h.Alg) {
			wrong = append(wrong, "the alg parameter of the header differs from the token's")
		}
		if j.get("crit") != nil {
			wrong = append(wrong, "crit demands an extension that is not known here (RFC 7515 section 4.1.11)")
		}
	}
	switch {
	case len(wrong) > 0:
		t.report(CheckToken, Fail, "The token breaks RFC 8225 section 4: %s.", strings.Join(wrong, "; "))
	case !t.nested && h.PPT == "" && t.ppt != "":
		t.report(CheckToken, Note, "The token is well formed; the header parameter ppt=%s is missing.", t.ppt)
	default:
		t.report(CheckToken, Pass, "The token is well formed and agrees with the header parameters.")
	}
}

func mustBe(j *value, key, want string) []string {
	switch v := j.get(key); {
	case v == nil:
		return []string{key + " is missing"}
	case v.kind != kindString:
		return []string{key + " is not a string"}
	case v.text != want:
		return []string{key + " is " + quote(v.text) + ", not " + want}
	}
	return nil
}

// quote bounds and quotes what came from outside, for a reason.
func quote(s string) string { return fmt.Sprintf("%.60q", s) }
