package main

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// files gives the demo what a carrier keeps beside its books: lists, a rate deck,
// providers, files on customers, how their accounts are secured, and one who was
// cut off last month and may be a customer again.
func (d *demo) files(ctx context.Context) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	month := now.AddDate(0, -1, 0)
	cast := d.carrier.Cast
	lists := map[cases.ListKind][]cases.ListEntry{
		cases.ListDNO:       {{Digits: "18005550199", Exact: true, Source: "Demo registry", Note: "A bank’s hotline, which never calls"}, {Digits: "1900555", Source: "Demo registry", Note: "Never assigned"}},
		cases.ListHoneypot:  {{Digits: "13125550190", Exact: true, Source: "Ours"}},
		cases.ListProtected: {{Digits: "12065550112", Exact: true, Category: "hospital", Source: "Ours", Note: "Emergency department"}},
	}
	for kind, entries := range lists {
		for i := range entries {
			entries[i].Kind, entries[i].AddedAt = kind, month
		}
		if _, err := d.desk.ImportList(ctx, operator, now, entries); err != nil {
			return err
		}
	}
	_, err := d.desk.ImportRates(ctx, operator, cases.RateDeck{Name: "Meridian", ValidFrom: month}, []cases.RateLine{{Prefix: "1", Tag: "USA and Canada", Micros: 4_000}, {Prefix: "44", Tag: "United Kingdom", Micros: 9_000},
		{Prefix: "447", Tag: "United Kingdom, mobile", Micros: 21_000}, {Prefix: "53", Tag: "Cuba", Micros: 790_000}, {Prefix: "252", Tag: "Somalia", Micros: 640_000}, {Prefix: "371", Tag: "Latvia", Micros: 310_000}})
	if err != nil {
		return err
	}
	days := func(n int) *time.Time { t := now.AddDate(0, 0, -n); return &t }
	err = d.desk.ImportProviders(ctx, operator, []cases.Provider{
		{ID: "meridian", Name: "Meridian Carrier Services", Aliases: "Meridian Wholesale", Country: "US", FRN: "0012345678", OCN: "709J", AbuseContact: "abuse@meridian.example", TracebackContact: "traceback@meridian.example",
			RMD: cases.RMD{Number: "RMD0000101", Status: cases.RMDListed, Since: days(900), Implementation: "Complete STIR/SHAKEN Implementation", Roles: "intermediate provider", CheckedAt: days(2), Source: "demo"}},
		{ID: "bluegate", Name: "Bluegate Telecom", Country: "US", FRN: "0098765432", RMD: cases.RMD{Status: cases.RMDRemoved, Since: days(12), CheckedAt: days(2), Source: "demo"}, Note: "Its trunk is to be shut."},
	})
	if err != nil {
		return err
	}
	if err := d.desk.ImportKYC(ctx, operator, []cases.KYC{{AccountID: cast.Pharmacy, LegalName: "Demo Pharmacy Group, Inc.", Registration: "12-3456789", Address: "1420 N Maple St, Springfield IL 62704", VerifiedAt: days(200),
		VerifiedBy: "Addie Min", VerifiedHow: "register of companies, call back", Documents: "certificate of formation, bill of an utility", UseCase: "reminders that a prescription is ready", MonthlyCalls: 40_000, Destinations: "US"}}); err != nil {
		return err
	}
	var posture []cases.Posture
	for name, state := range map[string]cases.PostureState{"two_factor": cases.PostureBad, "ip_restricted": cases.PostureBad, "strong_sip_password": cases.PostureBad, "channel_limit": cases.PostureGood, "spend_limit": cases.PostureBad} {
		posture = append(posture, cases.Posture{AccountID: cast.Hijacked, Name: name, State: state, AsOf: *days(3), Source: "customer portal"})
	}
	if err := d.desk.ImportPosture(ctx, operator, posture); err != nil {
		return err
	}
	old := cases.Account{ID: "demo-quick-reach", Name: "Quick Reach LLC", Kind: "business", Country: "US", Status: "closed", ClosedReason: cases.ClosedForAbuse, ClosedAt: *days(40), OpenedAt: *days(400)}
	back := cases.Account{ID: "demo-rapid-voice", Name: "Rapid Voice Partners", Kind: "business", Country: "US", OpenedAt: *days(2)}
	if err := d.desk.ImportAccounts(ctx, operator, []cases.Account{old, back}); err != nil {
		return err
	}
	return d.desk.ImportTraits(ctx, operator, []cases.GivenTrait{
		{AccountID: old.ID, Kind: cases.TraitEmail, Value: "quickreach.sales@gmail.com", FirstSeen: *days(400)}, {AccountID: back.ID, Kind: cases.TraitEmail, Value: "quick.reach.sales+2@googlemail.com", FirstSeen: *days(2)},
		{AccountID: old.ID, Kind: cases.TraitDevice, Value: "dev-4f3a-77888899", FirstSeen: *days(400)}, {AccountID: back.ID, Kind: cases.TraitDevice, Value: "dev-4f3a-77888899", FirstSeen: *days(2)},
		{AccountID: old.ID, Kind: cases.TraitAddress, Value: "77 West Harbor Blvd Suite 9, Tampa FL 33602", FirstSeen: *days(400)}, {AccountID: back.ID, Kind: cases.TraitAddress, Value: "77 W. Harber Boulevard, Tampa, FL 33602", FirstSeen: *days(2)},
	})
}
