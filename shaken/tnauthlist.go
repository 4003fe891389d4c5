package shaken

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// TNAuthList is the extension of a certificate that says for whom it speaks (RFC
// 8226 section 9): providers, ranges of numbers, single numbers. The module has
// explicit tags:
//
//	TNAuthorizationList ::= SEQUENCE SIZE (1..MAX) OF TNEntry
//	TNEntry ::= CHOICE { spc [0] IA5String, range [1] TelephoneNumberRange, one [2] TelephoneNumber }
//	TelephoneNumberRange ::= SEQUENCE { start TelephoneNumber, count INTEGER (2..MAX), ... }
//	TelephoneNumber ::= IA5String (SIZE (1..15)) (FROM ("0123456789#*"))
type TNAuthList struct {
	SPCs    []string      `json:"spc,omitempty"` // service provider codes, such as 709J
	Ranges  []NumberRange `json:"ranges,omitempty"`
	Numbers []string      `json:"numbers,omitempty"` // as written, usually E.164 without "+"
}

// NumberRange is count numbers from start on, all as long as start.
type NumberRange struct {
	Start string `json:"start"`
	Count int64  `json:"count"` // at least 2; larger than any number of 15 digits becomes MaxInt64
}

// Covers reports whether a number, as canonical digits without "+", is listed.
func (r NumberRange) Covers(number string) bool {
	if len(number) != len(r.Start) {
		return false
	}
	n, err1 := strconv.ParseInt(number, 10, 64)
	first, err2 := strconv.ParseInt(r.Start, 10, 64)
	return err1 == nil && err2 == nil && n >= first && n-first < r.Count
}

// Covers reports whether a number is listed as such. The numbers of a provider
// code are not in the certificate, so SPCs say nothing here.
func (l TNAuthList) Covers(number string) bool {
	for _, n := range l.Numbers {
		if n == number {
			return true
		}
	}
	for _, r := range l.Ranges {
		if r.Covers(number) {
			return true
		}
	}
	return false
}

// ParseTNAuthList reads the DER of the extension's value, all of it: a list that
// is empty, has an unknown entry or something behind it is an error. Elements
// that a later version may add to a range are passed over, as its "..." demands.
func ParseTNAuthList(der []byte) (TNAuthList, error) {
	entries, err := sequence(der)
	if err != nil {
		return TNAuthList{}, err
	}
	if len(entries) == 0 {
		return TNAuthList{}, errors.New("the list is empty")
	}
	var l TNAuthList
	for _, e := range entries {
		if e.Class != asn1.ClassContextSpecific || !e.IsCompound || e.Tag > 2 {
			return TNAuthList{}, errors.New("an entry is neither code, range nor number")
		}
		switch e.Tag {
		case 0:
			spc, err := ia5(e.Bytes)
			if err != nil || spc == "" {
				return TNAuthList{}, errors.New("a provider code is not an IA5String")
			}
			l.SPCs = append(l.SPCs, spc)
		case 1:
			r, err := numberRange(e.Bytes)
			if err != nil {
				return TNAuthList{}, err
			}
			l.Ranges = append(l.Ranges, r)
		case 2:
			n, err := ia5(e.Bytes)
			if err != nil || !isNumber(n) {
				return TNAuthList{}, errors.New("a number is not one")
			}
			l.Numbers = append(l.Numbers, n)
		}
	}
	return l, nil
}

func numberRange(der []byte) (NumberRange, error) {
	fields, err := sequence(der)
	if err != nil || len(fields) < 2 {
		return NumberRange{}, errors.New("a range is not start and count")
	}
	start, err := ia5(fields[0].FullBytes)
	if err != nil || !isNumber(start) || strings.ContainsAny(start, "*#") {
		return NumberRange{}, errors.New("a range does not start with a number")
	}
	var count *big.Int
	if rest, err := asn1.Unmarshal(fields[1].FullBytes, &count); err != nil || len(rest) > 0 || count.Cmp(big.NewInt(2)) < 0 {
		return NumberRange{}, errors.New("the count of a range is not an integer from 2 on")
	}
	if !count.IsInt64() {
		return NumberRange{start, math.MaxInt64}, nil
	}
	return NumberRange{start, count.Int64()}, nil
}

// sequence reads a DER SEQUENCE that fills der, and its elements.
func sequence(der []byte) ([]asn1.RawValue, error) {
	var seq asn1.RawValue
	rest, err := asn1.Unmarshal(der, &seq)
	if err != nil || len(rest) > 0 || seq.Class != asn1.ClassUniversal || seq.Tag != asn1.TagSequence || !seq.IsCompound {
		return nil, errors.New("it is not a DER sequence")
	}
	return elements(seq.Bytes)
}

func elements(raw []byte) ([]asn1.RawValue, error) {
	var list []asn1.RawValue
	for len(raw) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(raw, &v)
		if err != nil {
			return nil, errors.New("it is not DER")
		}
		list, raw = append(list, v), rest
	}
	return list, nil
}

// ia5 reads one IA5String that fills der.
func ia5(der []byte) (string, error) {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(der, &v)
	if err != nil || len(rest) > 0 || v.Class != asn1.ClassUniversal || v.Tag != asn1.TagIA5String || v.IsCompound {
		return "", errors.New("it is not an IA5String")
	}
	for _, c := range v.Bytes {
		if c >= 0x80 {
			return "", errors.New("it is not an IA5String")
		}
	}
	return string(v.Bytes), nil
}

func readRights(c *x509.Certificate) rights {
	der, ok := extension(c, oidTNAuthList)
	if !ok {
		return rights{}
	}
	list, err := ParseTNAuthList(der)
	return rights{list: list, present: true, err: err}
}

// checkTNAuthList asks whether the certificate speaks for the number that the
// token names: the calling number, or for div the number diverted from (RFC 8946
// section 4.2 step 2). Certificates above that have a list bound it (RFC 9060).
func (t *token) checkTNAuthList(path *knownPath) {
	who := t.claims.orig
	if diverts(t.ppt) {
		who = t.claims.div
	}
	if t.chain == nil {
		t.report(CheckTNAuthList, Undecided, "Without the certificate it is not known for whom it speaks.")
		return
	}
	r := t.chain.rights[0]
	switch {
	case who.uri != "":
		t.report(CheckTNAuthList, Undecided, "The token names an address, not a number; authority over addresses is not judged here.")
		return
	case !r.present:
		t.report(CheckTNAuthList, Fail, "The certificate has no TNAuthList: it speaks for no provider and no number.")
		return
	case r.err != nil:
		t.report(CheckTNAuthList, Fail, "The certificate's TNAuthList is not as RFC 8226 section 9 has it: %s.", r.err)
		return
	case len(r.list.SPCs) == 0 && who.tn == "":
		t.report(CheckTNAuthList, Undecided, "The token names no number to look for in the certificate's TNAuthList.")
		return
	case len(r.list.SPCs) == 0 && !r.list.Covers(who.tn):
		t.report(CheckTNAuthList, Fail, "The certificate does not speak for %s: the number is not in its TNAuthList.", who)
		return
	}
	if path != nil {
		for _, above := range path.certs[1:] {
			if why := exceeds(r.list, t.chain.rightsOf(above), who); why != "" {
				t.report(CheckTNAuthList, Fail, "The certificate claims more than the one above it may give (RFC 9060): %s.", why)
				return
			}
		}
	}
	if r.list.Covers(who.tn) {
		t.report(CheckTNAuthList, Pass, "The certificate speaks for %s: the number is in its TNAuthList.", who)
		return
	}
	t.report(CheckTNAuthList, Pass, "The certificate speaks for the provider %s. Which numbers that provider may sign is not in the certificate.", quoteList(r.list.SPCs))
}

// exceeds says why a list goes beyond that of a certificate above, or "".
func exceeds(below TNAuthList, above rights, who identity) string {
	switch {
	case !above.present || len(above.list.SPCs) > 0 && above.err == nil:
		return "" // unbounded, or bounded by a provider's numbers, which are not in certificates
	case above.err != nil:
		return "its TNAuthList cannot be read"
	case len(below.SPCs) > 0:
		return "it lists numbers, the one below a provider"
	case !above.list.Covers(who.tn):
		return fmt.Sprintf("%s is not in its TNAuthList", who)
	}
	return ""
}

func quoteList(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 5 {
			return b.String() + "…"
		}
		b.WriteString(strings.Trim(quote(n), `"`))
	}
	return b.String()
}
