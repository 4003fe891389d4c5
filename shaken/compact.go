package shaken

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// rebuild makes the signing input of a token in compact form from what is known
// of the call (RFC 8224 section 4.1, RFC 8225 sections 7 and 9: keys in lexical
// order, no white space). It returns nil if something is not known: of a shaken
// token attest and origid must have come another way, and a div token's claims
// cannot be known at all.
func rebuild(h Header, call Call, iat int64) (*value, string) {
	from, ok1 := party(call.From)
	to, ok2 := party(call.To)
	if !ok1 || !ok2 || h.Info == "" {
		return nil, ""
	}
	var head, body strings.Builder
	head.WriteString(`{"alg":"ES256",`)
	body.WriteByte('{')
	switch h.PPT {
	case TypeBase:
	case TypeShaken:
		if call.Attest == "" || call.OrigID == "" {
			return nil, ""
		}
		head.WriteString(`"ppt":"shaken",`)
		body.WriteString(`"attest":`)
		writeJSONString(&body, call.Attest)
		body.WriteByte(',')
	default:
		return nil, ""
	}
	head.WriteString(`"typ":"passport","x5u":`)
	writeJSONString(&head, h.Info)
	head.WriteByte('}')

	body.WriteString(`"dest":{`)
	writeParty(&body, to, true)
	body.WriteString(`},"iat":` + strconv.FormatInt(iat, 10) + `,"orig":{`)
	writeParty(&body, from, false)
	body.WriteByte('}')
	if h.PPT == TypeShaken {
		body.WriteString(`,"origid":`)
		writeJSONString(&body, call.OrigID)
	}
	body.WriteByte('}')
	payload, err := parseObject([]byte(body.String()))
	if err != nil {
		return nil, ""
	}
	enc := base64.RawURLEncoding
	return &payload, enc.EncodeToString([]byte(head.String())) + "." + enc.EncodeToString([]byte(body.String()))
}

func writeParty(b *strings.Builder, id identity, array bool) {
	kind, text := `"tn":`, id.tn
	if id.uri != "" {
		kind, text = `"uri":`, id.uri
	}
	b.WriteString(kind)
	if array {
		b.WriteByte('[')
	}
	writeJSONString(b, text)
	if array {
		b.WriteByte(']')
	}
}

// moments lists the iat values to try for a compact token: the Date header alone
// if it is known, else every second within Freshness of the call, nearest first.
func moments(call Call) []int64 {
	if !call.Date.IsZero() {
		return []int64{call.Date.Unix()}
	}
	if call.At.IsZero() {
		return nil
	}
	at := call.At.Unix()
	tries := []int64{at}
	for d := int64(1); d <= int64(Freshness/time.Second); d++ {
		tries = append(tries, at-d, at+d)
	}
	return tries
}
