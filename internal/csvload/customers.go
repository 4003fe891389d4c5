package csvload

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Traits reads what customers left behind when they signed up, one row for each:
//
//	account, kind, value   required; kind is one of payment, device, email, phone, address, ip, tax_id, document, website, name
//	first_seen             time or date; the import's where it is empty
//
// check says what is wrong with a trait. An error of take ends the reading.
func Traits(r io.Reader, check func(cases.GivenTrait) error, take func([]cases.GivenTrait) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"account", "kind", "value"}, []string{"first_seen"})
	if err != nil {
		return result, err
	}
	rows := batcher[cases.GivenTrait]{result: &result, size: Batch, take: take}
	err = t.each(&result, func(r *row) error {
		g := cases.GivenTrait{AccountID: r.required("account"), Kind: cases.TraitKind(r.required("kind")), Value: r.required("value"), FirstSeen: r.time("first_seen", true)}
		if !r.ok() {
			return nil
		}
		if err := check(g); err != nil {
			return err
		}
		return rows.add(g)
	})
	if err != nil {
		return result, err
	}
	return result, rows.flush()
}

// KYC reads the files on customers, one row for each account:
//
//	account        required
//	legal_name, registration, address
//	verified_at    time or date; verified_by; verified_how, required with it
//	documents      in words
//	use_case, monthly_calls, destinations   what is expected
//	note
//
// A row replaces the file that there is. An error of take ends the reading.
func KYC(r io.Reader, now time.Time, take func([]cases.KYC) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"account"}, []string{"legal_name", "registration", "address", "verified_at", "verified_by", "verified_how", "documents", "use_case",
		"monthly_calls", "destinations", "note"})
	if err != nil {
		return result, err
	}
	rows := batcher[cases.KYC]{result: &result, size: Batch, take: take}
	err = t.each(&result, func(r *row) error {
		k := cases.KYC{AccountID: r.required("account"), LegalName: r.text("legal_name"), Registration: r.text("registration"), Address: r.long("address"), VerifiedAt: r.timePtr("verified_at", true),
			VerifiedBy: r.text("verified_by"), VerifiedHow: r.long("verified_how"), Documents: r.long("documents"), UseCase: r.long("use_case"), MonthlyCalls: r.integer("monthly_calls", 64),
			Destinations: r.long("destinations"), Note: r.long("note")}
		if !r.ok() {
			return nil
		}
		if err := k.Check(now); err != nil {
			return err
		}
		return rows.add(k)
	})
	if err != nil {
		return result, err
	}
	return result, rows.flush()
}

// Posture reads how accounts are secured, one row for each check:
//
//	account, check, state   required; state is yes, no or unknown
//	detail                  such as "changed 400 days ago"
//	as_of                   time or date at which the source saw it so; the import's where it is empty
//	source                  who says so
//
// An error of take ends the reading.
func Posture(r io.Reader, now time.Time, take func([]cases.Posture) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"account", "check", "state"}, []string{"detail", "as_of", "source"})
	if err != nil {
		return result, err
	}
	rows := batcher[cases.Posture]{result: &result, size: Batch, take: take}
	err = t.each(&result, func(r *row) error {
		p := cases.Posture{AccountID: r.required("account"), Name: r.required("check"), State: cases.PostureState(r.oneOf("state", "", "yes", "no", "unknown")), Detail: r.text("detail"),
			AsOf: r.time("as_of", true), Source: r.text("source")}
		if p.Name != "" && !slices.Contains(cases.PostureChecks(), p.Name) {
			r.wrong("check", "must be one of %s", strings.Join(cases.PostureChecks(), ", "))
		}
		if p.State == "" {
			r.wrong("state", "must be one of yes, no, unknown")
		}
		if p.AsOf.IsZero() {
			p.AsOf = now
		}
		if p.AsOf.After(now.Add(24 * time.Hour)) {
			r.wrong("as_of", "is in the future")
		}
		if !r.ok() {
			return nil
		}
		return rows.add(p)
	})
	if err != nil {
		return result, err
	}
	return result, rows.flush()
}

// Providers reads upstream providers, one row for each:
//
//	id             required: the name that call records have (peer)
//	name           required
//	aliases        other names, separated by semicolons
//	country        alpha-2
//	frn            FCC Registration Number
//	rmd_number     as in RMD0001410
//	rmd_status     listed, deficient, removed, not_listed or exempt; empty leaves what is known
//	rmd_since      time or date; the import's where the status changes and it is empty
//	ocn, spc       Operating Company Number, Service Provider Code
//	abuse_contact, traceback_contact   a mail address, or a web address
//	note
//
// An error of take ends the reading.
func Providers(r io.Reader, source string, now time.Time, take func([]cases.Provider) error) (Result, error) {
	var result Result
	t, err := openTable(bufio.NewReader(r), []string{"id", "name"}, []string{"aliases", "country", "frn", "rmd_number", "rmd_status", "rmd_since", "ocn", "spc", "abuse_contact", "traceback_contact", "note"})
	if err != nil {
		return result, err
	}
	rows := batcher[cases.Provider]{result: &result, size: Batch, take: take}
	var statuses []string
	for _, s := range cases.RMDStatuses() {
		statuses = append(statuses, string(s))
	}
	err = t.each(&result, func(r *row) error {
		p := cases.Provider{ID: r.required("id"), Name: r.required("name"), Aliases: r.line("aliases"), Country: r.country("country"), OCN: r.line("ocn"), SPC: r.line("spc"),
			AbuseContact: r.contact("abuse_contact"), TracebackContact: r.contact("traceback_contact"), Note: r.text("note"),
			RMD: cases.RMD{Number: strings.ToUpper(r.line("rmd_number")), Status: cases.RMDStatus(r.oneOf("rmd_status", "", statuses...)), Since: r.timePtr("rmd_since", true)}}
		if frn := r.text("frn"); frn != "" {
			if p.FRN = cases.FRN(frn); p.FRN == "" {
				r.wrong("frn", "must be at most ten digits")
			}
		}
		if n := p.RMD.Number; n != "" && !rmdNumber(n) {
			r.wrong("rmd_number", "must be RMD and digits, as in RMD0001410")
		}
		if p.RMD.Status == "" && p.RMD.Since != nil {
			r.wrong("rmd_since", "is of a status, and none is given")
		}
		if p.RMD.Since != nil && p.RMD.Since.After(now) {
			r.wrong("rmd_since", "is in the future")
		}
		if p.RMD.Status != "" {
			p.RMD.CheckedAt, p.RMD.Source = &now, source
		}
		if !r.ok() {
			return nil
		}
		return rows.add(p)
	})
	if err != nil {
		return result, err
	}
	return result, rows.flush()
}

func rmdNumber(s string) bool {
	digits, ok := strings.CutPrefix(s, "RMD")
	_, err := strconv.ParseUint(digits, 10, 64)
	return ok && err == nil
}

// Filings reads the export of the FCC's Robocall Mitigation Database. Of its
// columns it needs number or frn, and business_name, and looks at other_frns,
// other_dba_names, previous_dba_names, implementation, the choices of the roles,
// last_recertified and country; all others are passed over, since the FCC adds to
// them.
func Filings(r io.Reader, take func(cases.RMDFiling) error) (Result, error) {
	var result Result
	t, err := openAny(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return result, err
	}
	has := func(name string) bool { _, ok := t.place[name]; return ok }
	if !has("business_name") || !has("frn") && !has("number") {
		return result, cases.Invalid(cases.Problem{Field: "header", Message: `is not that of the Robocall Mitigation Database: it lacks the column "business_name", or both "number" and "frn"`})
	}
	err = t.each(&result, func(r *row) error {
		f := cases.RMDFiling{Number: strings.ToUpper(r.long("number")), FRN: r.long("frn"), Implementation: r.long("implementation"), Country: r.long("country")}
		f.Names = append([]string{r.long("business_name")}, otherNames(r.long("other_dba_names"))...)
		f.Names = append(f.Names, otherNames(r.long("previous_dba_names"))...)
		f.OtherFRNs = strings.FieldsFunc(r.long("other_frns"), func(c rune) bool { return c < '0' || c > '9' })
		var roles []string
		for _, role := range []struct{ column, word string }{{"voice_service_provider_choice", "voice service provider"}, {"gateway_provider_choice", "gateway provider"},
			{"intermediate_provider_choice", "intermediate provider"}} {
			if v := strings.ToLower(r.long(role.column)); v == "yes" || v == "true" || v == "1" {
				roles = append(roles, role.word)
			}
		}
		f.Roles = strings.Join(roles, ", ")
		if f.Number == "" && cases.FRN(f.FRN) == "" {
			r.wrong("number", "and frn are both empty")
		}
		if s := r.long("last_recertified"); s != "" {
			at, err := time.Parse(time.DateOnly, s[:min(len(s), len(time.DateOnly))])
			if err != nil {
				at, err = time.Parse("01/02/2006", s)
			}
			if err == nil {
				f.Recertified = &at
			}
		}
		if !r.ok() {
			return nil
		}
		result.Taken++
		return take(f)
	})
	return result, err
}

// otherNames splits names that people separated as they liked.
func otherNames(s string) []string {
	var out []string
	for _, n := range strings.FieldsFunc(s, func(c rune) bool { return c == ';' || c == '\n' || c == '|' }) {
		if n = strings.TrimSpace(n); n != "" && !strings.EqualFold(n, "n/a") && !strings.EqualFold(n, "none") {
			out = append(out, n)
		}
	}
	return out
}
