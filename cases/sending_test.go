package cases

import "testing"

func TestMayAcknowledge(t *testing.T) {
	const ours = "abuse@carrier.example"
	tests := []struct {
		name string
		p    Parsed
		want bool
	}{
		{"a person", Parsed{Reporter: Contact{Email: "jane@example.org"}}, true},
		{"no address", Parsed{}, false},
		{"ourselves", Parsed{Reporter: Contact{Email: "Abuse@Carrier.example"}}, false},
		{"Auto-Submitted", Parsed{Reporter: Contact{Email: "jane@example.org"}, Mail: MailHeaders{AutoSubmitted: true}}, false},
		{"null sender", Parsed{Reporter: Contact{Email: "jane@example.org"}, Mail: MailHeaders{NullSender: true}}, false},
		{"a list", Parsed{Reporter: Contact{Email: "jane@example.org"}, Mail: MailHeaders{List: true}}, false},
		{"a daemon", Parsed{Reporter: Contact{Email: "MAILER-DAEMON@example.org"}}, false},
		{"no reply wanted", Parsed{Reporter: Contact{Email: "no-reply@example.org"}}, false},
		{"a list's owner", Parsed{Reporter: Contact{Email: "owner-list@example.org"}}, false},
	}
	for _, tt := range tests {
		got, why := MayAcknowledge(tt.p, ours)
		if got != tt.want || (!got && why == "") {
			t.Errorf("%s: %v (%q)", tt.name, got, why)
		}
	}
}
