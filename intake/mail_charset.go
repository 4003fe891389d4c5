package intake

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	utf "golang.org/x/text/encoding/unicode"
)

// toUTF8 decodes text that says it is in the charset label, which may be
// missing, wrong or unknown. The result is valid UTF-8 without NULs.
func toUTF8(b []byte, label string) string {
	return strings.ReplaceAll(decodeCharset(b, label), "\x00", "")
}

func decodeCharset(b []byte, label string) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")):
		if s, err := utf.UTF16(utf.BigEndian, utf.UseBOM).NewDecoder().Bytes(b); err == nil {
			return string(s)
		}
	}
	enc := labelled(label)
	switch {
	case enc == nil: // no label, ASCII, UTF-8 or one that nobody knows
		if bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(J")) {
			return decodeWith(japanese.ISO2022JP, b)
		}
		if utf8.Valid(b) {
			return string(b)
		}
		if mostlyUTF8(b) {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		return decodeWith(guess(b), b)
	case isStateful(enc):
		return decodeWith(enc, b)
	case isASCII(b):
		return string(b)
	case utf8.Valid(b) && sequences(b) > 1: // mislabelled: no other charset makes valid UTF-8 by chance
		return string(b)
	}
	s := decodeWith(enc, b)
	if bad := strings.Count(s, "\uFFFD"); bad > 2 && bad*10 > len([]rune(s))-asciiCount(b) {
		return decodeWith(guess(b), b)
	}
	return s
}

// labels that neither index knows as they are written in the wild.
var labels = map[string]encoding.Encoding{
	"ks_c_5601-1987": korean.EUCKR, "ks_c_5601": korean.EUCKR, "cp949": korean.EUCKR, "uhc": korean.EUCKR, "ms949": korean.EUCKR,
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "cp936": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030,
	"cp932": japanese.ShiftJIS, "windows-31j": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP,
	"cp950": traditionalchinese.Big5, "big5-hkscs": traditionalchinese.Big5,
	"latin1": charmap.Windows1252, "latin-1": charmap.Windows1252, "ansi": charmap.Windows1252, "cp1252": charmap.Windows1252, "cp-1252": charmap.Windows1252,
	"cp1251": charmap.Windows1251, "cp1250": charmap.Windows1250, "koi8r": charmap.KOI8R, "koi8": charmap.KOI8R, "iso8859-1": charmap.Windows1252, "iso-8859-8-i": charmap.ISO8859_8,
	"iso-8859-1": charmap.Windows1252, "x-mac-roman": charmap.Macintosh,
}

// labelled returns the encoding that a label names; nil for ASCII, UTF-8,
// none, and one that is not known.
func labelled(label string) encoding.Encoding {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "x-unknown", "unknown", "unknown-8bit", "default", "7bit", "8bit":
		return nil
	}
	if enc, ok := labels[label]; ok {
		return enc
	}
	if enc, err := htmlindex.Get(label); err == nil {
		if enc == encoding.Replacement || enc == utf.UTF8 {
			return nil
		}
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(label); err == nil && enc != nil {
		return enc
	}
	return nil
}

// isStateful tells encodings whose bytes look like ASCII.
func isStateful(enc encoding.Encoding) bool {
	return enc == japanese.ISO2022JP || enc == simplifiedchinese.HZGB2312 || enc == utf.UTF16(utf.BigEndian, utf.IgnoreBOM) || enc == utf.UTF16(utf.LittleEndian, utf.IgnoreBOM)
}

func decodeWith(enc encoding.Encoding, b []byte) string {
	s, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return strings.ToValidUTF8(string(s), "\uFFFD")
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func asciiCount(b []byte) int {
	n := 0
	for _, c := range b {
		if c < utf8.RuneSelf {
			n++
		}
	}
	return n
}

// sequences counts the multi-byte sequences of valid UTF-8, up to a few.
func sequences(b []byte) int {
	n := 0
	for _, c := range b {
		if c >= 0xC0 {
			if n++; n > 3 {
				break
			}
		}
	}
	return n
}

// mostlyUTF8 recognises UTF-8 with a few broken bytes, as from a mail that was
// cut in the middle of a character.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 4*bad
}

// guess finds the encoding of 8-bit text without a usable label from a sample
// of it: by validity for multi-byte charsets and by the letters that are common
// in the languages that use it.
func guess(b []byte) encoding.Encoding {
	const sample = 8 << 10
	b = b[:min(len(b), sample)]
	if lonely(b) {
		return charmap.Windows1252
	}
	var best encoding.Encoding = charmap.Windows1252
	most := 0.5 // below this nothing is plausible but Western European
	for _, c := range candidates {
		if score := c.score(decodeWith(c.enc, b)); score > most {
			best, most = c.enc, score
		}
	}
	return best
}

// lonely says whether most high bytes stand between ASCII, as accented letters
// of Western European languages do.
func lonely(b []byte) bool {
	alone, high := 0, 0
	for i, c := range b {
		if c < utf8.RuneSelf {
			continue
		}
		high++
		if (i == 0 || b[i-1] < utf8.RuneSelf) && (i == len(b)-1 || b[i+1] < utf8.RuneSelf) {
			alone++
		}
	}
	return alone*2 > high
}

var candidates = []struct {
	enc   encoding.Encoding
	score func(string) float64
}{
	{charmap.KOI8R, cyrillic},
	{charmap.Windows1251, cyrillic},
	{charmap.CodePage866, cyrillic},
	{japanese.ShiftJIS, kana},
	{japanese.EUCJP, kana},
	{korean.EUCKR, hangul},
	{simplifiedchinese.GB18030, han(commonSimplified)},
	{traditionalchinese.Big5, han(commonTraditional)},
	{charmap.Windows1253, script(unicode.Greek, "αοιετσνηυρπκμλ")},
	{charmap.Windows1255, script(unicode.Hebrew, "יוהלאתרשמב")},
	{charmap.Windows1256, script(unicode.Arabic, "اليمونرتبة")},
	{charmap.Windows874, script(unicode.Thai, "านรอกเงมยล")},
}

const (
	commonSimplified  = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里电话号码银行您请"
	commonTraditional = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡電話號碼銀行您請"
)

// script scores text by how many of its non-ASCII letters belong to a script,
// weighted by how many of those are common and lower case.
func script(table *unicode.RangeTable, common string) func(string) float64 {
	return func(s string) float64 {
		letters, in, frequent := 0, 0, 0
		for _, r := range s {
			if r < utf8.RuneSelf {
				continue
			}
			letters++
			if unicode.Is(table, r) {
				in++
				if strings.ContainsRune(common, r) {
					frequent++
				}
			}
		}
		if letters == 0 {
			return 0
		}
		return float64(in)/float64(letters)*0.5 + float64(frequent)/float64(letters)*0.6
	}
}

var (
	cyrillic = script(unicode.Cyrillic, "оеаинтсрвлкмдпуя")
	// Kana are a third of Japanese text, and the other Asian charsets hardly make any by chance.
	kana = func(s string) float64 {
		score := script(unicode.Hiragana, "のにはをたがでてとしれさあいうるなもまかり")(s)*1.2 + script(unicode.Han, "")(s)
		if score < 0.5 || strings.ContainsRune(s, '\uFFFD') {
			return 0
		}
		return min(score+0.3, 1.1)
	}
	hangul = func(s string) float64 {
		if strings.ContainsRune(s, '\uFFFD') {
			return 0
		}
		return script(unicode.Hangul, "이다는을의에가고하지로한기")(s) * 1.5
	}
)

func han(common string) func(string) float64 {
	score := script(unicode.Han, common)
	return func(s string) float64 {
		if strings.Count(s, "\uFFFD") > 1 { // one: the sample ends inside a character
			return 0
		}
		return score(s) + 0.05
	}
}
