package intake

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/abusedesk/abusedesk/numbers"
)

// attach keeps a part as evidence: named, measured and hashed, never unpacked.
func (m *mailReader) attach(p part) {
	m.keep(p)
	extension := strings.ToLower(path.Ext(p.name))
	kind, sub, _ := strings.Cut(p.mediaType, "/")
	switch {
	case isArchive(p.mediaType, extension):
		m.warn("attached archives are not opened")
	case p.mediaType == "application/ms-tnef" || strings.EqualFold(p.name, "winmail.dat"):
		m.warn("winmail.dat, a container of Microsoft's, is not opened")
	case sub == "pkcs7-mime" || sub == "x-pkcs7-mime":
		m.cms(p)
	case p.mediaType == "message/partial":
		m.warn("the mail is one piece of a larger one; the others come apart")
		m.attachedText(p)
	case p.mediaType == "message/external-body":
		m.warn("a part of the mail is kept elsewhere; it was not fetched")
	case sub == "json" || strings.HasSuffix(sub, "+json") || extension == ".json":
		if !m.xarf(p) {
			m.attachedText(p)
		}
	case extension == ".txt" || extension == ".log" || extension == ".csv" || kind == "text" && extension != ".ics" && !isData(sub):
		if !m.xarfLines(p) {
			m.attachedText(p)
		}
	}
}

func (m *mailReader) keep(p part) {
	if len(m.parsed.Attachments) == MaxAttachments {
		m.warn(fmt.Sprintf("there are more than %d attachments; the rest is not listed", MaxAttachments))
		return
	}
	if p.cut {
		m.large = append(m.large, largePart{index: len(m.parsed.Attachments), where: m.left.place(p.body), encoding: p.encoding})
	}
	m.kept = append(m.kept, p)
	m.parsed.Attachments = append(m.parsed.Attachments, p.attachment())
}

// attachedText remembers the text of a file, for a mail whose own text says
// nothing of a number.
func (m *mailReader) attachedText(p part) {
	room := MaxText - len(m.files)
	if room <= 0 {
		return
	}
	s, _ := p.text(room)
	m.filesCut = m.filesCut || p.cut
	if p.mediaType == "text/html" {
		s = htmlToText(s)
	}
	if s = strings.TrimSpace(s); s != "" {
		m.files += "---- " + p.shownName() + " ----\n" + s + "\n\n"
	}
}

// withFiles adds the text of attached files to a mail that names no number
// itself: "please see the attached report".
func (m *mailReader) withFiles(text string) string {
	switch {
	case m.files == "":
		return text
	case text == "":
		m.warn("the text was taken from an attached file")
		m.warnFilesCut()
		_, only, _ := strings.Cut(m.files, "\n")
		if !strings.Contains(only, "\n---- ") {
			return only
		}
		return m.files
	case len(m.parsed.Numbers) > 0 || len(numbers.FindAll(m.parsed.Subject+"\n"+text, m.context.Region)) > 0:
		return text
	}
	m.warnFilesCut()
	return text + "\n\n" + m.files
}

// warnFilesCut says that of a file whose text was taken only the beginning is held.
func (m *mailReader) warnFilesCut() {
	if m.filesCut {
		m.warn(onlyBeginning)
	}
}

// cms reads a part of S/MIME's (RFC 8551). What is signed as a whole carries
// its text inside; what is encrypted stays unread.
func (m *mailReader) cms(p part) {
	if p.depth < MaxDepth {
		der, _ := io.ReadAll(p.decoded())
		if content := signedContent(der); content != nil {
			m.warnCut(p)
			m.descend(content, p.depth, "text/plain")
			return
		}
	}
	if p.cut {
		m.warnCut(p)
		return
	}
	m.warn("the mail is encrypted (S/MIME); it is kept unread")
}

func isArchive(mediaType, extension string) bool {
	switch mediaType {
	case "application/zip", "application/x-zip-compressed", "application/gzip", "application/x-gzip", "application/x-tar", "application/x-7z-compressed",
		"application/vnd.rar", "application/x-rar-compressed", "application/x-bzip2", "application/x-xz", "application/zstd":
		return true
	}
	switch extension {
	case ".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".zst", ".cab", ".iso":
		return true
	}
	return false
}

// isData tells kinds of text that nobody wrote to be read.
func isData(sub string) bool {
	switch sub {
	case "calendar", "vcard", "x-vcard", "directory", "css", "javascript", "x-amp-html", "rtf", "xml":
		return true
	}
	return false
}

// usualName is what a part without a name is called.
func usualName(mediaType string, number int) string {
	switch mediaType {
	case "application/pgp-signature":
		return "signature.asc"
	case "application/pgp-encrypted":
		return "version.asc"
	case "application/pkcs7-signature", "application/x-pkcs7-signature":
		return "smime.p7s"
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return "smime.p7m"
	case "application/ms-tnef":
		return "winmail.dat"
	case "message/delivery-status", "message/global-delivery-status":
		return "delivery-status.txt"
	case "message/feedback-report":
		return "feedback-report.txt"
	case "message/disposition-notification", "message/global-disposition-notification":
		return "disposition-notification.txt"
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		return "headers.txt"
	}
	extension, ok := extensions[mediaType]
	if !ok && strings.HasPrefix(mediaType, "text/") {
		extension = ".txt"
	} else if !ok {
		extension = ".bin"
	}
	return fmt.Sprintf("part-%d%s", number, extension)
}

var extensions = map[string]string{
	"message/rfc822": ".eml", "message/global": ".eml", "text/html": ".html", "text/csv": ".csv", "text/calendar": ".ics", "text/vcard": ".vcf", "text/x-vcard": ".vcf",
	"text/css": ".css", "application/json": ".json", "application/pdf": ".pdf", "application/zip": ".zip", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif",
	"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "audio/mp4": ".m4a",
}
