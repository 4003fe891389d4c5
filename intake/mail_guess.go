package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// guess finds the encoding of 8-bit text without a usable label from a sample
// of it: by validity for multi-byte charsets and by the letters that are common
// in the languages that use it.
func guess(b []byte) encoding.Encoding {
	const sample = 8 << 10
	b = b[:min(len(b), sample)]
	if lonely(b) {
		return european(b)
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

// lonely says whether most high bytes stand alone or in twos inside of words of
// ASCII letters, as accented letters of European languages do.
func lonely(b []byte) bool {
	alone, high := 0, 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		from := i
		for i < len(b) && b[i] >= utf8.RuneSelf {
			i++
		}
		high += i - from
		if i-from <= 2 && (from > 0 && isLetter(b[from-1]) || i < len(b) && isLetter(b[i])) {
			alone += i - from
		}
	}
	return alone*2 >= high
}

// european chooses among the charsets that spread accented letters between
// ASCII: by those letters which the others have as signs, or not so often.
func european(b []byte) encoding.Encoding {
	var best encoding.Encoding = charmap.Windows1252
	most := -1
	for _, c := range []struct {
		enc     encoding.Encoding
		letters string
	}{
		{charmap.Windows1252, "àâäáãåæçèéêëìíîïñòóôöõøœùúûüýÿßÀÂÄÁÅÆÇÈÉÊÍÎÑÓÔÖØÚÜ¿¡«»–—‘’“”„•…€°"},
		{charmap.Windows1250, "ąćęłńóśźżĄĆĘŁŃÓŚŹŻčďěňřšťůžáéíýúČŘŠŽőűöüŐŰăâîșțş„”–—‘’“…€°"},
		{charmap.Windows1254, "çğıöşüÇĞİÖŞÜâîû’“”–…€"},
	} {
		n := 0
		for _, r := range decodeWith(c.enc, b) {
			if r >= utf8.RuneSelf && strings.ContainsRune(c.letters, r) {
				n++
			}
		}
		if n > most {
			best, most = c.enc, n
		}
	}
	return best
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
