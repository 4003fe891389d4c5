package web

import "time"

// ReportFormPage is the public form at /. Categories are the chips; a field is shown where its category needs it.
type ReportFormPage struct {
	Nonce      string // a double submit files once
	Category   Field
	Caller     Field // caller_number
	Callback   Field // callback_number
	Called     Field // called_number
	OccurredAt Field // occurred_at, "2006-01-02T15:04" in Zone
	Zone       Field // IANA name
	Times      Field // occurrences
	Words      Field // description
	Identity   Field // identity_header, tracebacks only
	Name       Field
	Email      Field
	Phone      Field
	Kind       Field // reporter.kind, tracebacks and other only
	Problem    string
	Zones      []Choice
	Kinds      []Choice
	AnswerBy   string // "within two working days"
}

func (ReportFormPage) meta() Meta {
	return Meta{Template: "report-form", Title: "Report a call or a text"}
}

// Wrong counts the fields that have to be mended.
func (p ReportFormPage) Wrong() int {
	n := 0
	for _, f := range []Field{p.Category, p.Caller, p.Callback, p.Called, p.OccurredAt, p.Zone, p.Times, p.Words, p.Identity, p.Name, p.Email, p.Phone, p.Kind} {
		if f.Error != "" {
			n++
		}
	}
	return n
}

// Categories are the chips of the form.
func (ReportFormPage) Categories() []Choice {
	return []Choice{
		{Value: "robocall", Label: "A recorded or unwanted call", Icon: "phone"},
		{Value: "scam", Label: "Somebody tried to cheat me", Icon: "warn"},
		{Value: "spoofed_my_number", Label: "My number is shown by others", Icon: "mask"},
		{Value: "account_takeover", Label: "My account was broken into", Icon: "key"},
		{Value: "toll_fraud", Label: "Calls on my bill that I did not make", Icon: "money"},
		{Value: "harassment", Label: "Threats or harassment", Icon: "hurt"},
		{Value: "text_spam", Label: "An unwanted text", Icon: "text"},
		{Value: "traceback", Label: "I am a carrier or an authority", Icon: "route"},
		{Value: "other", Label: "Something else", Icon: "other"},
	}
}

// StatusPage is what a reporter sees of the report: what happened, what is next, nothing personal.
type StatusPage struct {
	Reference string
	Token     string // of the status link
	Received  time.Time
	JustFiled bool
	Category  string
	Steps     []StatusStep
	// Outcome is the answer in words; empty until there is one.
	Outcome     string
	OutcomeTone Tone
	Expect      string // "We aim to answer within two working days, by 27 November."
	MailSent    bool
	StatusURL   string
	Details     Field
	Added       bool
	Closed      bool // no details are taken any more
}

func (p StatusPage) meta() Meta { return Meta{Template: "status", Title: "Report " + p.Reference} }

// StatusStep is one step on the way: done, now or later.
type StatusStep struct {
	Label string
	Note  string
	At    time.Time
	Phase string // "done", "now", "later"
}

// SignInPage is the door of the console.
type SignInPage struct {
	Email   Field
	Problem string
	Next    string // path to go on to
	// Demo shows the two sign-ins of the demonstration, which listens on loopback only.
	Demo []DemoAccount
}

// DemoAccount is a sign-in that `make demo` prints as well.
type DemoAccount struct {
	Role     string
	Email    string
	Password string
}

func (SignInPage) meta() Meta { return Meta{Template: "sign-in", Title: "Sign in"} }

// SetupPage makes the first admin, once, by the link that the first start prints.
type SetupPage struct {
	Token    string
	Name     Field
	Email    Field
	Password Field
	Problem  string
}

func (SetupPage) meta() Meta { return Meta{Template: "setup", Title: "First administrator"} }
