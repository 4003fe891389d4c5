package intake

import (
	"strings"

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

// labels that neither index knows as they are written in the wild.
var labels = map[string]encoding.Encoding{
	"ks_c_5601-1987": korean.EUCKR, "ks_c_5601": korean.EUCKR, "cp949": korean.EUCKR, "uhc": korean.EUCKR, "ms949": korean.EUCKR,
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "cp936": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030,
	"cp932": japanese.ShiftJIS, "windows-31j": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP,
	"cp950": traditionalchinese.Big5, "big5-hkscs": traditionalchinese.Big5,
	"latin1": charmap.Windows1252, "latin-1": charmap.Windows1252, "ansi": charmap.Windows1252, "cp1252": charmap.Windows1252, "cp-1252": charmap.Windows1252,
	"cp1251": charmap.Windows1251, "cp1250": charmap.Windows1250, "koi8r": charmap.KOI8R, "koi8": charmap.KOI8R, "iso8859-1": charmap.Windows1252, "iso-8859-8-i": charmap.ISO8859_8,
	"iso-8859-1": charmap.Windows1252, "x-mac-roman": charmap.Macintosh, "ansi_x3.110-1983": charmap.Windows1252, "windows-1252http-equivcontent-type": charmap.Windows1252,
	"hz-gb-2312": simplifiedchinese.HZGB2312, "hz": simplifiedchinese.HZGB2312,
}

// labelled returns the encoding that a label names; nil for ASCII, UTF-8,
// none, and one that is not known.
func labelled(label string) encoding.Encoding {
	label = bareLabel(label)
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "x-unknown", "unknown", "unknown-8bit", "default", "7bit", "8bit", "binary", "utf8mb4", "unicode", "_autodetect", "x-user-defined":
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

func bareLabel(label string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
}

// isStateful tells encodings whose bytes look like ASCII.
func isStateful(enc encoding.Encoding) bool {
	return enc == japanese.ISO2022JP || enc == simplifiedchinese.HZGB2312 || enc == utf.UTF16(utf.BigEndian, utf.IgnoreBOM) || enc == utf.UTF16(utf.LittleEndian, utf.IgnoreBOM)
}
