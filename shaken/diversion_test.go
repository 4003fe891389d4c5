package shaken

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A call to 12125550199 that was diverted to 13125550177.
func TestDiversion(t *testing.T) {
	const second, third = "13125550177", "14155550166"
	p := newPKI(t)
	ev := p.evidence(t)
	other := issue(t, &p.inter, "SHAKEN 800D", false, profileLeaf(t, p.pa, TNAuthList{Numbers: []string{"12125550199"}}))
	ev.Certificates = Files{chainOf(p.leaf, p.inter), chainOf(other, p.inter)}
	divParams := strings.Replace(params, "shaken", "div", 1)
	original := passport(t, p.leaf.key, shakenJOSE, shakenPayload()) + params
	div := func(from, dest string) string {
		return passport(t, p.leaf.key, divJOSE(), divPayload(from, dest)) + divParams
	}
	one := div("12125550199", second)
	byItself := passport(t, other.key, divJOSE(), divPayload("12125550199", second)) + divParams
	rcd := passport(t, p.leaf.key, strings.Replace(shakenJOSE, "shaken", "rcd", 1), shakenPayload()) + strings.Replace(params, "shaken", "rcd", 1)
	forged := passport(t, newKey(t), divJOSE(), divPayload("12125550199", second)) + divParams
	otherCaller := passport(t, p.leaf.key, divJOSE(), strings.Replace(divPayload("12125550199", second), "12025550143", "12025550144", 1)) + divParams
	old := passport(t, p.leaf.key, shakenJOSE, strings.Replace(shakenPayload(), fmt.Sprint(at.Unix()), fmt.Sprint(at.Unix()-1800), 1)) + params
	nested := func(inner string) string {
		payload := strings.Replace(divPayload("12125550199", second), "}}", fmt.Sprintf(`},"opt":"%s"}`, inner), 1)
		return passport(t, p.leaf.key, strings.Replace(divJOSE(), `"div"`, `"div-o"`, 1), payload) + strings.Replace(params, "shaken", "div-o", 1)
	}
	bare := strings.TrimSuffix(original, params)

	for name, tt := range map[string]struct {
		to       string
		identity []string
		aged     time.Duration
		verdict  Verdict
		results  map[CheckName]Result // of the first token
	}{
		"diverted once":                    {second, []string{original, one}, 0, Valid, map[CheckName]Result{CheckDiversion: Pass, CheckNumbers: Pass}},
		"in the other order":               {second, []string{one, original}, 0, Valid, map[CheckName]Result{CheckDiversion: Pass, CheckNumbers: Pass}},
		"by the diverting number's":        {second, []string{original, byItself}, 0, Valid, nil},
		"diverted twice":                   {third, []string{original, one, div(second, third)}, 0, Valid, map[CheckName]Result{CheckDiversion: Pass}},
		"twice and back":                   {to, []string{original, one, div(second, "12125550199")}, 0, Valid, map[CheckName]Result{CheckDiversion: Skipped}},
		"without its token":                {second, []string{original}, 0, Invalid, map[CheckName]Result{CheckNumbers: Fail, CheckDiversion: Skipped}},
		"a link is missing":                {third, []string{original, div(second, third)}, 0, Invalid, map[CheckName]Result{CheckNumbers: Fail}},
		"without the original":             {second, []string{one}, 0, Invalid, map[CheckName]Result{CheckDiversion: Fail, CheckNumbers: Pass}},
		"a loop":                           {third, []string{original, one, div(second, "12125550199")}, 0, Invalid, map[CheckName]Result{CheckNumbers: Fail}},
		"two that divert each other":       {second, []string{one, div(second, "12125550199")}, 0, Invalid, map[CheckName]Result{CheckDiversion: Fail}},
		"signed by nobody":                 {second, []string{original, forged}, 0, Invalid, map[CheckName]Result{CheckSignature: Pass, CheckDiversion: Fail}},
		"a forged one beside a good one":   {second, []string{original, forged, one}, 0, Valid, nil},
		"the caller was changed":           {second, []string{original, otherCaller}, 0, Invalid, map[CheckName]Result{CheckDiversion: Fail}},
		"by one who may not":               {third, []string{original, one, passport(t, other.key, divJOSE(), divPayload(second, third)) + divParams}, 0, Invalid, map[CheckName]Result{CheckDiversion: Fail}},
		"the original is ignored":          {second, []string{rcd, one}, 0, Unsupported, nil},
		"an old original in a new div":     {second, []string{old, one}, 0, Invalid, map[CheckName]Result{CheckIat: Fail, CheckDiversion: Pass}},
		"old, where transfers are usual":   {second, []string{old, one}, 3 * time.Hour, Valid, map[CheckName]Result{CheckIat: Pass}},
		"old, and not diverted":            {to, []string{old, one}, 3 * time.Hour, Invalid, map[CheckName]Result{CheckIat: Fail}},
		"nested":                           {second, []string{nested(bare)}, 0, Valid, map[CheckName]Result{CheckDiversion: Pass}},
		"nested garbage":                   {second, []string{nested("garbage")}, 0, Invalid, nil},
		"nested in itself, four deep":      {second, []string{nested(strings.Split(nested(strings.Split(nested(bare), ";")[0]), ";")[0])}, 0, Valid, nil},
		"nested with a forged original":    {second, []string{nested(resign(bare, make([]byte, 64)))}, 0, Invalid, nil},
		"nested in one that nobody signed": {to, []string{resign(strings.Split(nested(bare), ";")[0], rawSignature(t, newKey(t), "x")) + strings.Replace(params, "shaken", "div-o", 1)}, 0, Invalid, nil},
		"nested without opt":               {second, []string{passport(t, p.leaf.key, strings.Replace(divJOSE(), `"div"`, `"div-o"`, 1), divPayload("12125550199", second)) + strings.Replace(params, "shaken", "div-o", 1)}, 0, Invalid, map[CheckName]Result{CheckClaims: Fail}},
		"div without div":                  {second, []string{original, passport(t, p.leaf.key, divJOSE(), strings.Replace(divPayload("12125550199", second), `"div"`, `"dif"`, 1)) + divParams}, 0, Invalid, nil},
		"div with a list":                  {second, []string{original, passport(t, p.leaf.key, divJOSE(), strings.Replace(divPayload("12125550199", second), `"div":{"tn":"12125550199"}`, `"div":{"tn":["12125550199"]}`, 1)) + divParams}, 0, Invalid, nil},
		"the original comes from a range":  {second, []string{strings.Replace(original, "709J", "710J", 1), one}, 0, Invalid, nil},
	} {
		t.Run(name, func(t *testing.T) {
			call := callWith(tt.identity...)
			call.To = tt.to
			ev := ev
			ev.DivertedAge = tt.aged
			expect(t, Verify(context.Background(), call, ev), tt.verdict, tt.results)
		})
	}

	t.Run("the diverting party's certificate is missing", func(t *testing.T) {
		ev := ev
		ev.Certificates = byAddress{x5u: {chainOf(p.leaf, p.inter)}}
		elsewhere := strings.ReplaceAll(divJOSE(), "709J", "800D")
		call := callWith(original, passport(t, other.key, elsewhere, divPayload("12125550199", second))+strings.ReplaceAll(divParams, "709J", "800D"))
		call.To = second
		expect(t, Verify(context.Background(), call, ev), Indeterminate, map[CheckName]Result{CheckDiversion: Undecided, CheckSignature: Pass})
	})
}

// byAddress is an archive in memory.
type byAddress map[string][]*Chain

func (b byAddress) Chains(_ context.Context, x5u string, _ time.Time) ([]*Chain, error) {
	return b[x5u], nil
}
