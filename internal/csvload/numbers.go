package csvload

import (
	"bufio"
	"io"

	"github.com/abusedesk/abusedesk/cases"
)

// Numbers reads rights to show numbers. region (alpha-2) is the country of
// those without a country code. An error of take ends the reading.
func Numbers(r io.Reader, region string, take func([]cases.Entitlement) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"number", "account", "from"}, []string{"kind", "until"})
	if err != nil {
		return result, err
	}
	rights := batcher[cases.Entitlement]{result: &result, size: Batch, take: take}
	err = t.each(&result, func(r *row) error {
		e := cases.Entitlement{E164: r.number("number", region), AccountID: r.required("account"),
			Kind: cases.EntitlementKind(r.oneOf("kind", string(cases.EntitlementAssigned), string(cases.EntitlementAssigned), string(cases.EntitlementLOA),
				string(cases.EntitlementVerified), string(cases.EntitlementRespOrg))),
			From: r.time("from", true), Until: r.timePtr("until", true)}
		if r.ok() && e.From.IsZero() {
			r.wrong("from", "is required")
		}
		if e.Until != nil && !e.Until.After(e.From) {
			r.wrong("until", "must be after from")
		}
		if !r.ok() {
			return nil
		}
		return rights.add(e)
	})
	if err != nil {
		return result, err
	}
	return result, rights.flush()
}
