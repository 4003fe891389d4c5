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
	Files      Field // only what is wrong with them: a browser does not keep them
	Identity   Field // identity_header, tracebacks only
	Name       Field
	Email      Field
	Phone      Field
	Kind       Field // reporter.kind, tracebacks and other only
	Problem    string
	FilesAgain bool // some were sent, and have to be chosen again
	Zones      []Choice
	Kinds      []Choice
	// Countries are whose a number is that has no country code; the others are what is chosen.
	Countries                                     []Choice
	CallerCountry, CallbackCountry, CalledCountry string
	Widget                                        string // the texts of the proof of work, as JSON
	CanConfirm                                    bool   // without script, a mail confirms
	// OneByOne: it asks one question at a time, in the widget on somebody's page.
	OneByOne bool
}

func (p ReportFormPage) meta() Meta {
	if p.OneByOne {
		return Meta{Template: "widget", Key: "form.title"}
	}
	return Meta{Template: "report-form", Key: "form.title", Form: "report", Script: "form"}
}

// Wrong counts the fields that have to be mended.
func (p ReportFormPage) Wrong() int {
	n := 0
	for _, f := range []Field{p.Category, p.Caller, p.Callback, p.Called, p.OccurredAt, p.Zone, p.Times, p.Words, p.Files, p.Identity, p.Name, p.Email, p.Phone, p.Kind} {
		if f.Error != "" {
			n++
		}
	}
	return n
}

// Categories are the chips of the form; category.<value> is what they say.
func (ReportFormPage) Categories() []Choice {
	return []Choice{
		{Value: "robocall", Icon: "phone"}, {Value: "scam", Icon: "warn"}, {Value: "spoofed_my_number", Icon: "mask"},
		{Value: "account_takeover", Icon: "key"}, {Value: "toll_fraud", Icon: "money"}, {Value: "harassment", Icon: "hurt"},
		{Value: "text_spam", Icon: "text"}, {Value: "traceback", Icon: "route"}, {Value: "other", Icon: "other"},
	}
}

// Limits of files, in the words of the form.
func (ReportFormPage) MaxFiles() int   { return MaxFiles }
func (ReportFormPage) MaxFileMB() int  { return MaxFile >> 20 }
func (ReportFormPage) MaxFilesMB() int { return MaxFormFiles >> 20 }

// StatusPage is what a reporter sees of the report: what happened, what is next, nothing personal.
type StatusPage struct {
	Reference string
	Token     string // of the status link
	Heading   string
	Received  time.Time
	Category  string
	Steps     []StatusStep
	// Outcome is the answer in words; empty until there is one.
	Outcome     string
	OutcomeTone Tone
	// Expect is what comes next; Else what happens when the reader does nothing.
	Expect    string
	Else      string
	StatusURL string
	Details   Field
	Added     bool
	Closed    bool // no details are taken any more
	Framed    bool // it stands in the widget
	Waiting   bool // for its sender, or given up: there is nothing to add to
}

func (p StatusPage) meta() Meta {
	return Meta{Template: "status", Key: "status.title", Args: []any{"Reference", p.Reference}}
}

// StatusStep is one step on the way: done, now or later.
type StatusStep struct {
	Label string
	Note  string
	At    time.Time
	Phase string // "done", "now", "later"
}

// ConfirmPage is where the link of a form without a proof of work leads.
type ConfirmPage struct {
	Path string
}

func (ConfirmPage) meta() Meta { return Meta{Template: "confirm", Key: "confirm.title"} }

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
