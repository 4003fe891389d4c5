package intake

import (
	"io"
	"strconv"
	"strings"

	"github.com/emersion/go-message"

	"github.com/abusedesk/abusedesk/cases"
	"github.com/abusedesk/abusedesk/numbers"
)

// reportFields are the fields of delivery-status and feedback-report parts
// that say something to an analyst, in the order of RFC 3464 and RFC 5965.
var reportFields = []string{"Feedback-Type", "User-Agent", "Source-Ip", "Incidents", "Arrival-Date", "Original-Mail-From", "Original-Rcpt-To",
	"Reported-Domain", "Reported-Uri", "Final-Recipient", "Original-Recipient", "Action", "Status", "Diagnostic-Code", "Disposition", "Original-Message-Id"}

// reportPart reads a program's report: groups of header-like fields. The mail
// was written by a program, whatever its header says.
func (m *mailReader) reportPart(p part, sub string) {
	m.parsed.Mail.AutoSubmitted = true
	m.keep(p)
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), MaxHeaderBytes))
	m.warnCut(p)
	isStatus := strings.HasSuffix(sub, "delivery-status")
	m.returning = m.returning || isStatus
	var out strings.Builder
	for range 50 { // groups: one for the message and one for each recipient
		h, rest := splitHeader(b, m.warn)
		if h.Len() == 0 {
			break
		}
		m.refer(h, "Original-Message-Id")
		if isStatus {
			if id := first(messageIDs(h.Get("Original-Message-Id"))); id != "" {
				m.original = id
			}
			m.recipient(h)
		}
		if sub == "feedback-report" {
			m.feedback(h)
		}
		for _, name := range reportFields {
			for _, value := range h.Values(name) {
				if value = oneLine(decodeWords(value)); value != "" && out.Len() < 16<<10 {
					out.WriteString(name + ": " + value + "\n")
				}
			}
		}
		b = rest
	}
	m.add(out.String())
}

// feedback reads what ARF states in so many words (RFC 5965 section 3).
func (m *mailReader) feedback(h message.Header) {
	if n, err := strconv.Atoi(strings.TrimSpace(h.Get("Incidents"))); err == nil && n > 0 && n <= maxOccurrences {
		m.parsed.Occurrences = n
	}
	for _, uri := range h.Values("Reported-Uri") {
		if scheme, _, ok := strings.Cut(strings.TrimSpace(uri), ":"); ok && isCallScheme(scheme) {
			m.accuse(uri)
		}
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Feedback-Type"))) {
	case "fraud":
		m.category = cases.CategoryScam
	case "xarf":
		m.machine = true
	}
}

// accuse adds the number that a program names as the source of the abuse.
func (m *mailReader) accuse(number string) {
	number = oneLine(number)
	if n, err := numbers.Parse(number, m.context.Region); err == nil && len(m.parsed.Numbers) < MaxNumbers {
		m.parsed.Numbers = append(m.parsed.Numbers, cases.NumberMention{E164: n.E164, Role: cases.RoleCaller, Confidence: sureRole, Text: number, Start: -1, End: -1})
	}
}

// returnedHeader reads the header of the mail that a report is about, so that a
// bounce of ours finds its report by our Message-ID.
func (m *mailReader) returnedHeader(p part) {
	m.keep(p)
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), MaxHeaderBytes))
	h, _ := splitHeader(b, m.warn)
	m.refer(h, "Message-Id")
	if id := first(messageIDs(h.Get("Message-Id"))); id != "" && m.returning {
		m.original = id
	}
}

// refer adds the message ids of a field to the references.
func (m *mailReader) refer(h message.Header, name string) {
	for _, id := range messageIDs(h.Get(name)) {
		m.referTo(id)
	}
}

func (m *mailReader) referTo(id string) {
	const most = 200
	refs := m.parsed.Mail.References
	if id != "" && len(refs) < most && (len(refs) == 0 || refs[len(refs)-1] != id) {
		m.parsed.Mail.References = append(refs, id)
	}
}
