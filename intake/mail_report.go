package intake

import (
	"io"
	"strings"

	"github.com/emersion/go-message"
)

// reportFields are the fields of delivery-status and feedback-report parts
// that say something to an analyst, in the order of RFC 3464 and RFC 5965.
var reportFields = []string{"Feedback-Type", "User-Agent", "Source-Ip", "Incidents", "Arrival-Date", "Original-Mail-From", "Original-Rcpt-To",
	"Reported-Domain", "Reported-Uri", "Final-Recipient", "Original-Recipient", "Action", "Status", "Diagnostic-Code", "Original-Message-Id"}

// reportPart reads a machine's report: groups of header-like fields. The
// mail was written by a machine, whatever its header says.
func (m *mailReader) reportPart(p part) {
	m.parsed.Mail.AutoSubmitted = true
	m.keep(p.attachment())
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), MaxHeaderBytes))
	var out strings.Builder
	for range 20 { // groups: one for the message and one for each recipient
		h, rest := splitHeader(b, m.warn)
		if h.Len() == 0 {
			break
		}
		m.refer(h, "Original-Message-Id")
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

// returned reads the header of the mail that a report is about, so that a
// bounce of ours finds its report by our Message-ID.
func (m *mailReader) returned(p part) {
	m.keep(p.attachment())
	b, _ := io.ReadAll(io.LimitReader(p.decoded(), MaxHeaderBytes))
	h, _ := splitHeader(b, m.warn)
	m.refer(h, "Message-Id")
}

// refer adds a message id to the references.
func (m *mailReader) refer(h message.Header, name string) {
	m.parsed.Mail.References = append(m.parsed.Mail.References, messageIDs(h.Get(name))...)
}
