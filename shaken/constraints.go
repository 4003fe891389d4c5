package shaken

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Constraints limit the claims that a certificate may sign: JWTClaimConstraints
// of RFC 8226 section 8 and its enhancement of RFC 9118, which adds MustExclude.
type Constraints struct {
	MustInclude []string          `json:"must_include,omitempty"`
	Permitted   []PermittedValues `json:"permitted_values,omitempty"`
	MustExclude []string          `json:"must_exclude,omitempty"`
}

// PermittedValues are the values that a claim may have, where it is present.
type PermittedValues struct {
	Claim  string   `json:"claim"`
	Values []string `json:"values"`
}

type constraints struct {
	lists []Constraints
	err   error
}

// ParseConstraints reads the DER of either extension's value:
//
//	SEQUENCE { mustInclude [0] JWTClaimNames OPTIONAL,
//	           permittedValues [1] JWTClaimValuesList OPTIONAL,
//	           mustExclude [2] JWTClaimNames OPTIONAL }
//
// with explicit tags and at least one of them. mustExclude only where enhanced.
func ParseConstraints(der []byte, enhanced bool) (Constraints, error) {
	fields, err := sequence(der)
	if err != nil {
		return Constraints{}, err
	}
	var c Constraints
	last := -1
	for _, f := range fields {
		if f.Class != asn1.ClassContextSpecific || !f.IsCompound || f.Tag > 2 || f.Tag == 2 && !enhanced {
			return Constraints{}, errors.New("it has an element that does not belong there")
		}
		if f.Tag <= last {
			return Constraints{}, errors.New("its elements are not in order")
		}
		last = f.Tag
		switch f.Tag {
		case 0:
			c.MustInclude, err = claimNames(f.Bytes)
		case 1:
			c.Permitted, err = permittedValues(f.Bytes)
		case 2:
			c.MustExclude, err = claimNames(f.Bytes)
		}
		if err != nil {
			return Constraints{}, err
		}
	}
	if last < 0 {
		return Constraints{}, errors.New("it is empty")
	}
	for _, name := range c.MustExclude { // RFC 9118 section 3
		if name == "iat" || name == "orig" || name == "dest" || slices.Contains(c.MustInclude, name) {
			return Constraints{}, fmt.Errorf("it excludes %s, which must be there", name)
		}
	}
	return c, nil
}

func claimNames(der []byte) ([]string, error) {
	items, err := sequence(der)
	if err != nil || len(items) == 0 {
		return nil, errors.New("a list of claim names is not one")
	}
	names := make([]string, len(items))
	for i, it := range items {
		if names[i], err = ia5(it.FullBytes); err != nil || names[i] == "" {
			return nil, errors.New("a claim name is not an IA5String")
		}
	}
	return names, nil
}

func permittedValues(der []byte) ([]PermittedValues, error) {
	items, err := sequence(der)
	if err != nil || len(items) == 0 {
		return nil, errors.New("a list of permitted values is not one")
	}
	all := make([]PermittedValues, len(items))
	for i, it := range items {
		pair, err := sequence(it.FullBytes)
		if err != nil || len(pair) != 2 {
			return nil, errors.New("permitted values are not claim and values")
		}
		if all[i].Claim, err = ia5(pair[0].FullBytes); err != nil || all[i].Claim == "" {
			return nil, errors.New("a claim name is not an IA5String")
		}
		values, err := sequence(pair[1].FullBytes)
		if err != nil || len(values) == 0 {
			return nil, errors.New("permitted values are not a list")
		}
		for _, v := range values {
			if v.Class != asn1.ClassUniversal || v.Tag != asn1.TagUTF8String || v.IsCompound || !utf8.Valid(v.Bytes) {
				return nil, errors.New("a permitted value is not a UTF8String")
			}
			all[i].Values = append(all[i].Values, string(v.Bytes))
		}
	}
	return all, nil
}

func readConstraints(c *x509.Certificate) constraints {
	var all constraints
	for _, ext := range [...]struct {
		oid      asn1.ObjectIdentifier
		enhanced bool
	}{{oidJWTConstraints, false}, {oidEnhancedConstraints, true}} {
		der, ok := extension(c, ext.oid)
		if !ok {
			continue
		}
		list, err := ParseConstraints(der, ext.enhanced)
		if err != nil && all.err == nil {
			all.err = err
		}
		all.lists = append(all.lists, list)
	}
	return all
}

// broken says how claims break the constraints, or "".
func (c Constraints) broken(payload *value) string {
	for _, name := range c.MustInclude {
		if payload.get(name) == nil {
			return "the claim " + quote(name) + " must be there and is not"
		}
	}
	for _, name := range c.MustExclude {
		if payload.get(name) != nil {
			return "the claim " + quote(name) + " may not be there"
		}
	}
	for _, p := range c.Permitted {
		if v := payload.get(p.Claim); v != nil && !slices.Contains(p.Values, v.plain()) {
			return "the claim " + quote(p.Claim) + " has a value that is not permitted"
		}
	}
	return ""
}

// plain is a string's content, or the JSON text of any other value.
func (v *value) plain() string {
	if v.kind == kindString {
		return v.text
	}
	var b strings.Builder
	v.compact(&b)
	return b.String()
}

func (t *token) checkConstraints() {
	switch {
	case t.chain == nil:
		t.report(CheckConstraints, Undecided, "Without the certificate its constraints are not known.")
	case t.chain.limits.err != nil:
		t.report(CheckConstraints, Fail, "The certificate's constraints on claims are not as RFC 8226 section 8 has them: %s.", t.chain.limits.err)
	case len(t.chain.limits.lists) == 0:
		t.report(CheckConstraints, Pass, "The certificate puts no constraints on claims.")
	case t.payload == nil:
		t.report(CheckConstraints, Undecided, "The claims cannot be read.")
	default:
		for _, c := range t.chain.limits.lists {
			if why := c.broken(t.payload); why != "" {
				t.report(CheckConstraints, Fail, "The certificate does not allow these claims: %s.", why)
				return
			}
		}
		t.report(CheckConstraints, Pass, "The claims keep to the certificate's constraints.")
	}
}
