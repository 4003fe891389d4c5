package intake

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func TestToUTF8(t *testing.T) {
	const (
		russian  = "Здравствуйте, мне звонили с номера 8 495 123-45-67 и просили назвать код карты."
		japan    = "昨日、知らない番号から電話がありました。折り返しの番号は下記です。"
		chinese  = "您好，昨天有人冒充银行给我打电话，要我提供密码。请你们查一下这个号码。"
		taiwan   = "您好，昨天有人冒充銀行給我打電話，要我提供密碼。請你們查一下這個號碼。"
		korean1  = "어제 모르는 번호로 전화가 왔습니다. 은행이라고 하면서 비밀번호를 물었습니다."
		german   = "Gestern rief mich jemand an und fragte nach der Prüfziffer – über 20 Mal! Schöne Grüße"
		polish   = "Wczoraj zadzwonił ktoś z banku i żądał hasła. Proszę sprawdzić ten numer, dziękuję."
		greek    = "Χθες με πήραν τηλέφωνο από την τράπεζα και ζήτησαν τον κωδικό μου."
		spanish  = "Ayer me llamó alguien diciendo que era del banco; pidió mi contraseña mañana y tarde."
		turkish  = "Dün bir numaradan arandım; bankamdan olduğunu söyleyip şifremi istediler. Teşekkürler."
		ukrainky = "Мені телефонували та вимагали код картки, їхній номер приховано."
	)
	cases := map[string]struct {
		enc   encoding.Encoding
		label string
		want  string
	}{
		"koi8-r":                    {charmap.KOI8R, "KOI8-R", russian},
		"koi8-r unlabelled":         {charmap.KOI8R, "", russian},
		"windows-1251":              {charmap.Windows1251, "windows-1251", russian},
		"windows-1251 unlabelled":   {charmap.Windows1251, "us-ascii", russian},
		"windows-1251 as utf-8":     {charmap.Windows1251, "utf-8", ukrainky},
		"iso-2022-jp":               {japanese.ISO2022JP, "iso-2022-jp", japan},
		"iso-2022-jp unlabelled":    {japanese.ISO2022JP, "", japan},
		"shift_jis unlabelled":      {japanese.ShiftJIS, "", japan},
		"euc-jp unlabelled":         {japanese.EUCJP, "", japan},
		"gb18030":                   {simplifiedchinese.GB18030, "gb18030", chinese},
		"gb2312 that is gb18030":    {simplifiedchinese.GB18030, "gb2312", chinese},
		"gb18030 unlabelled":        {simplifiedchinese.GB18030, "x-unknown", chinese},
		"big5":                      {traditionalchinese.Big5, "big5", taiwan},
		"big5 unlabelled":           {traditionalchinese.Big5, "", taiwan},
		"euc-kr":                    {korean.EUCKR, "euc-kr", korean1},
		"ks_c_5601-1987":            {korean.EUCKR, "ks_c_5601-1987", korean1},
		"euc-kr unlabelled":         {korean.EUCKR, "", korean1},
		"windows-1252":              {charmap.Windows1252, "iso-8859-1", german},
		"windows-1252 unlabelled":   {charmap.Windows1252, "", german},
		"windows-1252 as utf-8":     {charmap.Windows1252, "UTF-8", spanish},
		"windows-1250":              {charmap.Windows1250, "windows-1250", polish},
		"iso-8859-2":                {charmap.ISO8859_2, "iso-8859-2", polish},
		"windows-1250 unlabelled":   {charmap.Windows1250, "", polish},
		"windows-1250 as utf-8":     {charmap.Windows1250, "utf-8", polish},
		"windows-1254 unlabelled":   {charmap.Windows1254, "", turkish},
		"windows-1254 as latin 5":   {charmap.Windows1254, "iso-8859-9", turkish},
		"hz-gb-2312":                {simplifiedchinese.HZGB2312, "HZ-GB-2312", chinese},
		"utf-8 as iso-2022-jp":      {encoding.Nop, "iso-2022-jp", japan},
		"shift_jis as iso-2022-jp":  {japanese.ShiftJIS, "iso-2022-jp", japan},
		"greek unlabelled":          {charmap.Windows1253, "", greek},
		"utf-8 as iso-8859-1":       {encoding.Nop, "iso-8859-1", german},
		"utf-8 as gb2312":           {encoding.Nop, "gb2312", chinese},
		"utf-8 in quotes":           {encoding.Nop, `"utf-8"`, russian},
		"utf-8 unlabelled":          {encoding.Nop, "", korean1},
		"nonsense label":            {encoding.Nop, "charset=klingon", german},
		"cp-1252, not in any index": {charmap.Windows1252, "cp-1252", german},
	}
	for name, tc := range cases {
		raw, err := tc.enc.NewEncoder().String(tc.want)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := toUTF8([]byte(raw), tc.label); got != tc.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestSevenBitCharsets(t *testing.T) {
	for _, tc := range []struct{ label, raw, want string }{
		{"utf-7", "Caf+AOk- +- more +IKw", "Café + more €"},
		{"unicode-1-1-utf-7", "+2D3eAA-!", "😀!"},
		{"utf-7", "+", ""},
		{"utf-7", "+A", ""},
		{"iso-2022-kr", "\x1b$)C\x0e=E0m\x0f +1", "신고 +1"},
		{"ISO-2022-KR", "\x1b$)C\x0e=E0m\nplain", "신고\nplain"},
		{"iso-2022-kr", "\x0e\xff\x0e", "\uFFFD"},
	} {
		if got := toUTF8([]byte(tc.raw), tc.label); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.raw, got, tc.want)
		}
	}
}

func FuzzCharset(f *testing.F) {
	f.Add([]byte("caf\xe9 \x1b$B;3\x1b(B"), "iso-2022-jp")
	f.Add([]byte("+AOk-"), "utf-7")
	f.Add([]byte("\xff\xfea\x00"), "utf-16")
	f.Add([]byte("\x1b$)C\x0e=E0m"), "iso-2022-kr")
	f.Add([]byte("\xc4\xe3\xba\xc3 \x812\x84\xd6"), "gb18030")
	f.Fuzz(func(t *testing.T, raw []byte, label string) {
		for _, l := range []string{label, ""} {
			if s := toUTF8(raw, l); !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Errorf("%q: %q", l, s)
			}
		}
	})
}

func FuzzHTML(f *testing.F) {
	f.Add(`<p>a<br>b<blockquote>c</blockquote><a href="tel:+12025550143">call</a><img alt="d"><title>e`)
	f.Add("<<a b='c\"><script>x</script></")
	f.Fuzz(func(t *testing.T, page string) {
		page = strings.ToValidUTF8(page, "")
		if s := htmlToText(page); !utf8.ValidString(s) {
			t.Errorf("%q", s)
		}
	})
}

func TestDecodeWords(t *testing.T) {
	for value, want := range map[string]string{
		"=?UTF-8?Q?Anruf_von_=2B1?= =?utf-8?B?IDIwMg==?=":          "Anruf von +1 202",
		"=?UTF-8?B?w7w=?= =?UTF-8?B?w7w=?=":                        "üü",
		"=?UTF-8?B?ww==?= =?UTF-8?B?vA==?=":                        "ü", // split inside a character
		"Re: =?iso-8859-1?q?Se=F1or?= y =?iso-8859-1?q?se=F1ora?=": "Re: Señor y señora",
		"=?iso-2022-jp?B?GyRCRUVPQxsoQg==?=":                       "電話",
		"=?koi8-r?B?8NLJ18XU?=":                                    "Привет",
		"=?unknown-charset?Q?caf=E9?=":                             "café",
		"=?utf-8*en?Q?with_language?=":                             "with language",
		"=?utf-8?Q?not closed":                                     "=?utf-8?Q?not closed",
		"=?utf-8?X?what?= is this":                                 "=?utf-8?X?what?= is this",
		"a=?b=?c":                                                  "a=?b=?c",
		"caf\xe9 \xe0 la carte":                                    "café à la carte",
		"=?utf-8?Q?bad_=ZZ_escape?=":                               "bad =ZZ escape",
		"=?utf-8?Q?with space inside?=":                            "with space inside",
		"plain":                                                    "plain",
		"":                                                         "",
		"=?utf-8?B?YW55IGNhcm5hbCBwbGVhcw?= tail":                  "any carnal pleas tail",
		"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 raw utf-8 header": "Привет raw utf-8 header",
	} {
		if got := decodeWords(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
