package intake

import (
	"strings"

	"github.com/abusedesk/abusedesk/cases"
)

// isForward says whether the subject is that of a forwarded mail.
func isForward(subject string) bool {
	subject = strings.ToLower(strings.TrimSpace(subject))
	for _, prefix := range lex().quotes["subject"] {
		if strings.HasPrefix(subject, prefix) {
			return true
		}
	}
	return false
}

// isReply says whether the mail answers another.
func isReply(p cases.Parsed) bool {
	return len(p.Mail.InReplyTo) > 0 || len(p.Mail.References) > 0 || hasMark(strings.ToLower(p.Subject), lex().quotes["answer"])
}

// splitQuoted parts what is new in a reply from the history that it quotes.
// What somebody forwards is the report itself and stays, and so does everything
// when nothing else is left.
func splitQuoted(text string) (fresh, quoted string) {
	lines := strings.Split(text, "\n")
	var new, old []string
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		bare := strings.ToLower(strings.TrimSpace(line))
		if hasMark(bare, lex().quotes["forward"]) {
			new = append(new, lines[i:]...)
			break
		}
		if n := beginsHistory(lines, i); n > 0 {
			rest := lines[i:]
			// Answers can stand below the quoted lines. Below an attribution
			// only marked lines are history if there are any.
			if !anyQuoted(rest) {
				old = append(old, rest...)
				break
			}
			old = append(old, lines[i:i+n]...)
			i += n - 1
			continue
		}
		if strings.HasPrefix(bare, ">") {
			old = append(old, line)
			continue
		}
		new = append(new, line)
	}
	fresh = strings.TrimSpace(strings.Join(new, "\n"))
	if fresh == "" {
		return strings.TrimSpace(text), ""
	}
	return fresh, strings.TrimSpace(strings.Join(old, "\n"))
}

// anyQuoted looks at the lines that follow an attribution closely.
func anyQuoted(lines []string) bool {
	for _, line := range lines[:min(len(lines), 6)] {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			return true
		}
	}
	return false
}

func hasMark(line string, marks []string) bool {
	for _, m := range marks {
		if strings.HasPrefix(line, m) {
			return true
		}
	}
	return false
}

// beginsHistory says how many lines from i on are an attribution, which mail
// programs also break in two, or the beginning of a quoted header; 0 for none.
func beginsHistory(lines []string, i int) int {
	line := marked(lines, i)
	if line == "" {
		return 0
	}
	if strings.Trim(line, "_") == "" && len(line) >= 10 { // Outlook's line above the header
		for j := i + 1; j < min(i+3, len(lines)); j++ {
			if isQuotedHeader(marked(lines, j), marked(lines, j+1)) {
				return 1
			}
		}
		return 0
	}
	next := marked(lines, i+1)
	dated := strings.ContainsAny(line+next, "0123456789@")
	for _, m := range lex().quotes["reply"] {
		before, after, gap := strings.Cut(m, "… ")
		if !gap {
			if strings.HasPrefix(line, m) {
				return 1
			}
			continue
		}
		if !dated || !strings.HasPrefix(line, before) {
			continue
		}
		if before == "" && !strings.Contains(line, "@") && !followedByQuote(lines, i+1) { // "At 3 they wrote:"
			continue
		}
		switch {
		case strings.HasSuffix(line, after), !strings.HasSuffix(after, ":") && strings.Contains(line, " "+after+" ") && strings.HasSuffix(line, ":"):
			return 1
		case before != "" && strings.HasSuffix(line+" "+next, after):
			return 2
		}
	}
	if isQuotedHeader(line, next) {
		return 1
	}
	// "пн, 2 мар. 2026 г. в 09:00, Desk <desk@carrier.example>:" in any language.
	if dated && strings.HasSuffix(line, ">:") && strings.Contains(line, "@") && strings.Contains(line, " <") && followedByQuote(lines, i+1) {
		return 1
	}
	return 0
}

// marked is a line as the marks are written; "" where there is none, or one that
// is too long to be a mark.
func marked(lines []string, i int) string {
	if i >= len(lines) || len(lines[i]) > 300 {
		return ""
	}
	line := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(lines[i]), "*", ""))
	return strings.ReplaceAll(line, "\u202f", " ") // a narrow space, as in "9:00 AM"
}

func isQuotedHeader(line, next string) bool {
	next = strings.ReplaceAll(next, "：", ":")
	for _, m := range lex().quotes["header"] {
		first, second, _ := strings.Cut(m, ": ")
		rest, ok := strings.CutPrefix(line, first)
		if ok && (strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "：")) && strings.HasPrefix(next, second) {
			return true
		}
	}
	return false
}

// followedByQuote looks past empty lines, two at most, for a quoted one.
func followedByQuote(lines []string, i int) bool {
	for last := min(i+3, len(lines)); i < last; i++ {
		if line := strings.TrimSpace(lines[i]); line != "" {
			return strings.HasPrefix(line, ">")
		}
	}
	return false
}

// unflow joins the lines of format=flowed text (RFC 3676).
func unflow(text string, delSp bool) string {
	var out strings.Builder
	depth, open := 0, false
	for i, line := range strings.Split(text, "\n") {
		d := len(line) - len(strings.TrimLeft(line, ">"))
		body := strings.TrimPrefix(line[d:], " ") // space-stuffing
		joins := open && d == depth && body != "-- "
		if i > 0 && !joins {
			out.WriteByte('\n')
		}
		if !joins && d > 0 {
			out.WriteString(strings.Repeat(">", d) + " ")
		}
		depth, open = d, strings.HasSuffix(body, " ") && body != "-- "
		if open && delSp {
			body = body[:len(body)-1]
		}
		out.WriteString(body)
	}
	return out.String()
}
