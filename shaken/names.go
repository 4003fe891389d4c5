package shaken

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// nameKey makes a distinguished name comparable (RFC 5280 section 7.1): without
// regard to case, repeated spaces and the kind of string, for certificates and
// revocation lists come from different software. A name that cannot be read is
// compared octet by octet.
func nameKey(der []byte) string {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdns); err != nil || len(rest) > 0 {
		return "der:" + string(der)
	}
	var b strings.Builder
	for _, set := range rdns {
		parts := make([]string, 0, len(set))
		for _, atv := range set {
			text, ok := atv.Value.(string)
			if !ok {
				raw, err := asn1.Marshal(atv.Value)
				if err != nil {
					return "der:" + string(der)
				}
				text = "#" + hex.EncodeToString(raw)
			}
			parts = append(parts, fmt.Sprintf("%s=%q", atv.Type, strings.ToLower(strings.Join(strings.Fields(text), " "))))
		}
		slices.Sort(parts)
		b.WriteString("/" + strings.Join(parts, "+"))
	}
	return b.String()
}

// nameText writes a name as RFC 4514 has it, or "" if it cannot be read.
func nameText(der []byte) string {
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &rdns); err != nil {
		return ""
	}
	return rdns.String()
}

// directoryNames returns the distinguished names among GeneralNames, the contents
// of which are given (RFC 5280 section 4.2.1.6, tag [4], explicit).
func directoryNames(generalNames []byte) [][]byte {
	names, err := elements(generalNames)
	if err != nil {
		return nil
	}
	var ders [][]byte
	for _, n := range names {
		if n.Class == asn1.ClassContextSpecific && n.Tag == 4 && n.IsCompound {
			ders = append(ders, n.Bytes)
		}
	}
	return ders
}

// crlPoint is one CRLDistributionPoints entry: where the list is, and who issues
// it (RFC 5280 section 4.2.1.13).
type crlPoint struct {
	urls    []string
	issuers []string // as nameKey
	name    string   // the first issuer, for people
}

func crlPoints(der []byte) ([]crlPoint, error) {
	points, err := sequence(der)
	if err != nil {
		return nil, err
	}
	var all []crlPoint
	for _, p := range points {
		fields, err := sequence(p.FullBytes)
		if err != nil {
			return nil, err
		}
		var point crlPoint
		for _, f := range fields {
			if f.Class != asn1.ClassContextSpecific {
				continue
			}
			switch f.Tag {
			case 0:
				point.urls = append(point.urls, fullNames(f.Bytes)...)
			case 2:
				for _, name := range directoryNames(f.Bytes) {
					point.issuers = append(point.issuers, nameKey(name))
					if point.name == "" {
						point.name = nameText(name)
					}
				}
			}
		}
		all = append(all, point)
	}
	return all, nil
}

// fullNames returns the URIs of DistributionPointName's fullName.
func fullNames(der []byte) []string {
	choice, err := elements(der)
	if err != nil {
		return nil
	}
	var urls []string
	for _, c := range choice {
		if c.Class != asn1.ClassContextSpecific || c.Tag != 0 {
			continue
		}
		names, err := elements(c.Bytes)
		if err != nil {
			return nil
		}
		for _, n := range names {
			if n.Class == asn1.ClassContextSpecific && n.Tag == 6 {
				urls = append(urls, string(n.Bytes))
			}
		}
	}
	return urls
}
