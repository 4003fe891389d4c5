package shaken

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The types of PASSporT that are judged. Others of the registry (rph, msec, rcd,
// msg, rsp …) are Unsupported: RFC 8224 section 6.2 step 1 has them ignored.
const (
	TypeBase   = ""       // RFC 8225, without an extension: no attestation
	TypeShaken = "shaken" // RFC 8588
	TypeDiv    = "div"    // RFC 8946 section 3
	TypeDivO   = "div-o"  // RFC 8946 section 5, with the original inside
)

// claims are what a payload says. Fields are zero where it does not, or wrongly.
type claims struct {
	orig   identity
	dest   []identity
	iat    int64
	hasIat bool
	attest string
	origid string
	div    identity
	opt    string
	wrong  []string
}

func supported(ppt string) bool {
	return ppt == TypeBase || ppt == TypeShaken || ppt == TypeDiv || ppt == TypeDivO
}

func diverts(ppt string) bool { return ppt == TypeDiv || ppt == TypeDivO }

// readClaims reads the claims of RFC 8225 section 5 and of the type.
func readClaims(p *value, ppt string) claims {
	var c claims
	fault := func(format string, args ...any) { c.wrong = append(c.wrong, fmt.Sprintf(format, args...)) }
	c.readIat(p.get("iat"), fault)
	if ids := readParties(p.get("orig"), "orig", false, fault); len(ids) == 1 {
		c.orig = ids[0]
	}
	c.dest = readParties(p.get("dest"), "dest", true, fault)
	switch ppt {
	case TypeShaken:
		c.readShaken(p, fault)
	case TypeDiv, TypeDivO:
		if p.get("div") != nil || ppt == TypeDiv {
			if ids := readParties(p.get("div"), "div", false, fault); len(ids) == 1 {
				c.div = ids[0]
			}
		}
		if ppt == TypeDivO {
			if v := p.get("opt"); v == nil || v.kind != kindString || v.text == "" {
				fault("opt, which holds the original token, is missing or not a string")
			} else {
				c.opt = v.text
			}
		}
	}
	return c
}

// readIat takes whole seconds only. RFC 8225 errata 5985 and RFC 8588 errata 6656:
// iat is a number, although the RFCs' own examples show a string.
func (c *claims) readIat(v *value, fault func(string, ...any)) {
	switch {
	case v == nil:
		fault("iat is missing")
	case v.kind == kindString:
		fault("iat is a string, not a number")
	case v.kind != kindNumber:
		fault("iat is not a number")
	default:
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil || n < 0 || n > 1<<40 {
			fault("iat is %.20s, not whole seconds since 1970", v.text)
			return
		}
		c.iat, c.hasIat = n, true
	}
}

// readShaken reads attest and origid (RFC 8588 sections 4 and 5).
func (c *claims) readShaken(p *value, fault func(string, ...any)) {
	switch v := p.get("attest"); {
	case v == nil:
		fault("attest is missing")
	case v.kind != kindString || v.text != "A" && v.text != "B" && v.text != "C":
		fault("attest is %s, not A, B or C", quote(v.text))
	default:
		c.attest = v.text
	}
	switch v := p.get("origid"); {
	case v == nil:
		fault("origid is missing")
	case v.kind != kindString || !isUUID(v.text):
		fault("origid is not a UUID")
	default:
		c.origid = v.text
	}
	if c.orig.uri != "" {
		fault("orig is an address, not a telephone number")
	}
}

// readParties reads orig, dest or div: RFC 8225 section 5.2.1. orig and div name
// exactly one party, dest one or more, in arrays.
func readParties(v *value, name string, many bool, fault func(string, ...any)) []identity {
	if v == nil {
		fault("%s is missing", name)
		return nil
	}
	if v.kind != kindObject {
		fault("%s is not an object", name)
		return nil
	}
	var ids []identity
	one := func(kind string, v *value) {
		switch {
		case v.kind != kindString || v.text == "":
			fault("%s.%s is not a string", name, kind)
		case kind == "uri":
			if scheme, rest, ok := strings.Cut(v.text, ":"); !ok || rest == "" || !isScheme(scheme) {
				fault("%s.uri is not an address", name)
				return
			}
			ids = append(ids, identity{uri: canonicalURI(v.text)})
		default:
			tn, ok := canonicalNumber(v.text)
			if !ok {
				fault("%s.tn is not a telephone number", name)
				return
			}
			ids = append(ids, identity{tn: tn})
		}
	}
	for _, kind := range [...]string{"tn", "uri"} {
		switch v := v.get(kind); {
		case v == nil:
		case many && v.kind == kindArray:
			for i := range v.items {
				one(kind, &v.items[i])
			}
		case many:
			fault("%s.%s is not an array", name, kind)
		default:
			one(kind, v)
		}
	}
	if len(ids) == 0 {
		fault("%s names nobody", name)
	} else if !many && len(ids) > 1 {
		fault("%s names both a number and an address", name)
	}
	return ids
}

// isUUID checks the form of RFC 4122 section 3, of any version.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') {
			return false
		} else if !dash && !isDigit(s[i]) && (s[i]|0x20 < 'a' || s[i]|0x20 > 'f') {
			return false
		}
	}
	return true
}

// checkClaims reports on what the payload says.
func (t *token) checkClaims() {
	switch {
	case !supported(t.ppt):
		t.report(CheckClaims, NotForUs, "PASSporTs of the type %s are not judged here; RFC 8224 section 6.2 has them ignored.", quote(t.ppt))
	case t.payload == nil:
		t.report(CheckClaims, Undecided, "The claims cannot be read.")
	case len(t.claims.wrong) > 0:
		t.report(CheckClaims, Fail, "The claims are not as %s has them: %s.", ruleFor(t.ppt), strings.Join(t.claims.wrong, "; "))
	case t.ppt == TypeBase:
		t.report(CheckClaims, Pass, "The claims are complete. Without the type shaken they attest nothing about the caller's right to the number.")
	default:
		t.report(CheckClaims, Pass, "The claims are complete, as %s has them.", ruleFor(t.ppt))
	}
}

func ruleFor(ppt string) string {
	switch ppt {
	case TypeShaken:
		return "RFC 8588"
	case TypeDiv, TypeDivO:
		return "RFC 8946"
	}
	return "RFC 8225 section 5"
}

// checkIat compares iat with the time of the call, not with today. A token may be
// older than the call by age, and younger by Freshness.
func (t *token) checkIat(at time.Time, age time.Duration) {
	if !t.claims.hasIat {
		t.report(CheckIat, Undecided, "There is no usable iat.")
		return
	}
	if at.IsZero() {
		t.report(CheckIat, Undecided, "The time of the call is not known.")
		return
	}
	signed := time.Unix(t.claims.iat, 0).UTC().Format(time.RFC3339)
	off := at.Unix() - t.claims.iat
	older, younger := int64(age/time.Second), int64(Freshness/time.Second)
	switch {
	case off > older:
		t.report(CheckIat, Fail, "The token was signed at %s, %d s before the call; %d s are allowed.", signed, off, older)
	case -off > younger:
		t.report(CheckIat, Fail, "The token says it was signed at %s, %d s after the call; %d s are allowed.", signed, -off, younger)
	default:
		t.report(CheckIat, Pass, "The token was signed at %s, near enough to the call.", signed)
	}
}
