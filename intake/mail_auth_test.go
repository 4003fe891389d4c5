package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/abusedesk/abusedesk/intake"
)

func TestWhoseResultsAreBelieved(t *testing.T) {
	const (
		ours   = "Authentication-Results: mx1.carrier.example; dkim=fail header.d=example.org\n"
		claim  = "Authentication-Results: mx1.carrier.example; dkim=pass; spf=pass\n"
		theirs = "Authentication-Results: list.example.net; dkim=pass\n"
		byUs   = "Received: from mx.example.org by mail.carrier.example; Tue, 3 Mar 2026 15:00:00 +0000\n"
		byThem = "Received: from x by list.example.net; Tue, 3 Mar 2026 14:00:00 +0000\n"
		local  = "Received: from localhost by store.internal with LMTP\nReceived: by 2001:db8::1 with SMTP\n"
	)
	fail := map[string]string{"dkim": "fail", "dkim_domain": "example.org", "server": "mx1.carrier.example"}
	for name, tc := range map[string]struct {
		header  string
		servers []string
		want    map[string]string
	}{
		"on top":                                 {ours + byUs, nil, fail},
		"below our own Received":                 {byUs + ours, nil, fail},
		"below names that say nothing":           {local + ours + byUs, nil, fail},
		"a claim below the next hop":             {ours + byUs + claim, nil, fail},
		"a claim right below":                    {ours + claim + byUs, nil, map[string]string{"dkim": "fail", "dkim_domain": "example.org", "spf": "pass", "server": "mx1.carrier.example"}},
		"somebody else's":                        {byUs + byThem + theirs, nil, nil},
		"somebody else's, and a claim":           {byUs + theirs + claim, nil, nil},
		"named: ours below somebody else's":      {theirs + ours + byUs, []string{"MX1.carrier.example"}, fail},
		"named: ours below the Received":         {byUs + byThem + ours, []string{"mx1.carrier.example"}, fail},
		"named: not there":                       {byUs + theirs, []string{"mx1.carrier.example"}, nil},
		"named: another of our domain":           {ours + byUs, []string{"mx2.carrier.example"}, nil},
		"no header at all":                       {"", nil, nil},
		"an authserv-id alone":                   {"Authentication-Results: mx1.carrier.example\n" + byUs, nil, nil},
		"a result that is none":                  {"Authentication-Results: mx1.carrier.example; dkim=<script>; spf; =pass; dmarc=\n", nil, nil},
		"quotes and comments":                    {"Authentication-Results: \"mx1.carrier.example\"; dkim=pass reason=\"a;spf=pass\" (;dmarc=pass) header.d=Example.ORG\n", nil, map[string]string{"dkim": "pass", "dkim_domain": "example.org", "server": "mx1.carrier.example"}},
		"no server's name":                       {byUs + "Authentication-Results: spf=pass smtp.mailfrom=x.example; dmarc=pass\n", nil, nil},
		"Received-SPF below the next hop":        {byUs + byThem + "Received-SPF: pass receiver=elsewhere.example\n", nil, nil},
		"Received-SPF by us":                     {byUs + "Received-SPF: Fail (x=y) receiver=mx1.carrier.example; envelope-from=<a@b.example>\n", nil, map[string]string{"spf": "fail", "spf_domain": "b.example", "server": "mx1.carrier.example"}},
		"Received-SPF, but we are named another": {"Received-SPF: pass receiver=mx1.carrier.example\n", []string{"mx2.carrier.example"}, nil},
	} {
		c := us
		c.AuthServers = tc.servers
		p := intake.Mail([]byte(tc.header+"From: a@example.org\n\nx\n"), c)
		if diff := cmp.Diff(tc.want, p.Auth); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestMailRecipients(t *testing.T) {
	p := intake.Mail([]byte("Delivered-To: desk+T0ken@carrier.example\nTo: \"Desk, Abuse\" <abuse@carrier.example>,\n =?utf-8?Q?x?= <Jane@example.org>; broken@\nCc: abuse@carrier.example\n\nx\n"), us)
	want := []string{"desk+t0ken@carrier.example", "abuse@carrier.example", "jane@example.org"}
	if diff := cmp.Diff(want, p.Mail.Recipients); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s := string(intake.Normalised(p, nil).JSON()); strings.Contains(s, "t0ken") {
		t.Error("recipients are shown")
	}
	var many strings.Builder
	for i := range 500 {
		fmt.Fprintf(&many, "a%d@b.example, ", i)
	}
	if p = intake.Mail([]byte("To: "+many.String()+"\n\nx\n"), us); len(p.Mail.Recipients) != 50 {
		t.Errorf("%d recipients", len(p.Mail.Recipients))
	}
}
