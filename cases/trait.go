package cases

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// TraitKind is what somebody who signs up leaves behind.
type TraitKind string

const (
	TraitPayment  TraitKind = "payment"  // fingerprint or token of a card or bank account, from the payment processor
	TraitDevice   TraitKind = "device"   // fingerprint of a browser or a phone
	TraitEmail    TraitKind = "email"    // contact
	TraitPhone    TraitKind = "phone"    // contact, E.164
	TraitAddress  TraitKind = "address"  // postal
	TraitIP       TraitKind = "ip"       // that signed up
	TraitTaxID    TraitKind = "tax_id"   // or registration number
	TraitDocument TraitKind = "document" // number or digest of an identity document
	TraitWebsite  TraitKind = "website"
	TraitName     TraitKind = "name" // legal or company name

	// These are made of the ones above, so that what is spelt a little differently
	// is found as equal: digests cannot be compared otherwise.
	TraitMailDomain  TraitKind = "email_domain" // none of free mail
	TraitAddressNear TraitKind = "address_near" // house number, postcode and sound of the street
	TraitNetwork     TraitKind = "ip_net"       // /24, or /48 of IPv6
	TraitNameNear    TraitKind = "name_near"    // sounds of its words
	// TraitFamilyName is the last word of a person's name. It links nobody: with an
	// address it says that two people live together.
	TraitFamilyName TraitKind = "family_name"
)

// GivenTraits lists the kinds that an import may hold.
func GivenTraits() []TraitKind {
	return []TraitKind{TraitPayment, TraitDevice, TraitEmail, TraitPhone, TraitAddress, TraitIP, TraitTaxID, TraitDocument, TraitWebsite, TraitName}
}

// MaxTraitValue is how long a trait may be, in bytes.
const MaxTraitValue = 320

// AccountTrait is one trait of an account. The value itself is not kept: Digest
// is a salted one of its normal form, and Shown a hint that tells two apart.
type AccountTrait struct {
	AccountID string
	Kind      TraitKind
	Digest    string
	Shown     string
	FirstSeen time.Time
}

// GivenTrait is a trait as an import has it; its value is not kept.
type GivenTrait struct {
	AccountID string
	Kind      TraitKind
	Value     string
	FirstSeen time.Time // zero: now
}

// TraitKey is a normal form under which equal traits are equal.
type TraitKey struct {
	Kind  TraitKind
	Value string
}

// TraitKeys returns the normal forms of a trait, the exact one first; none when
// there is nothing in it that could tell two customers apart. phone is E.164
// already.
func TraitKeys(kind TraitKind, value string) []TraitKey {
	value = strings.TrimSpace(value)
	one := func(v string) []TraitKey {
		if v == "" {
			return nil
		}
		return []TraitKey{{kind, v}}
	}
	switch kind {
	case TraitPayment, TraitDevice, TraitTaxID, TraitDocument:
		if v := alphanumeric(value); len(v) >= 4 {
			return one(v)
		}
	case TraitPhone:
		if strings.HasPrefix(value, "+") && len(value) > 6 {
			return one(value)
		}
	case TraitEmail:
		return emailKeys(value)
	case TraitAddress:
		return addressKeys(value)
	case TraitIP:
		return ipKeys(value)
	case TraitWebsite:
		return one(websiteHost(value))
	case TraitName:
		return nameKeys(value)
	}
	return nil
}

func alphanumeric(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// emailKeys takes off what a mail provider ignores: subaddresses (RFC 5233), and
// dots in the local part at Gmail, which both names reach.
func emailKeys(s string) []TraitKey {
	local, domain, ok := strings.Cut(strings.ToLower(s), "@")
	domain = strings.TrimSuffix(domain, ".")
	if !ok || local == "" || !strings.Contains(domain, ".") {
		return nil
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	keys := []TraitKey{{TraitEmail, local + "@" + domain}}
	if !FreeMail(domain) {
		keys = append(keys, TraitKey{TraitMailDomain, domain})
	}
	return keys
}

// freeMail are domains at which anybody gets an address: having one in common
// says nothing. How many customers share a domain weighs too, so that one that is
// missing here does little harm.
var freeMail = strings.Fields(`gmail.com yahoo.com ymail.com rocketmail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com me.com mac.com proton.me protonmail.com
	pm.me gmx.com gmx.net gmx.de gmx.at web.de t-online.de freenet.de mail.com mail.ru yandex.com yandex.ru ya.ru inbox.com zoho.com fastmail.com hey.com tutanota.com tuta.io
	comcast.net verizon.net att.net sbcglobal.net bellsouth.net charter.net cox.net earthlink.net optonline.net frontier.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it
	virgilio.it tiscali.it bt.com btinternet.com sky.com virginmedia.com ntlworld.com qq.com 163.com 126.com naver.com daum.net rediffmail.com uol.com.br bol.com.br terra.com.br
	mailinator.com guerrillamail.com 10minutemail.com yopmail.com trashmail.com tempmail.com sharklasers.com`)

// FreeMail says whether anybody gets an address at a domain.
func FreeMail(domain string) bool {
	if slices.Contains(freeMail, domain) {
		return true
	}
	name, _, _ := strings.Cut(domain, ".")
	return slices.Contains([]string{"yahoo", "hotmail", "outlook", "live", "gmx"}, name) // in every country
}

func ipKeys(s string) []TraitKey {
	ip, err := netip.ParseAddr(s)
	if err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return nil
	}
	ip = ip.Unmap().WithZone("")
	host, net := ip.BitLen(), 24
	if ip.Is6() {
		host, net = 64, 48 // a customer of an access provider has a /64 or more
	}
	own, _ := ip.Prefix(host)
	wide, _ := ip.Prefix(net)
	return []TraitKey{{TraitIP, own.String()}, {TraitNetwork, wide.String()}}
}

func websiteHost(s string) string {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(strings.ToLower(s))
	if err != nil || !strings.Contains(u.Hostname(), ".") {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(u.Hostname(), "www."), ".")
}

// ownLetters folds accents of Latin letters, so that Müller, Mueller and Muller
// are one: ä, ö, ü and their spellings with e become the bare vowel.
var ownLetters = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "ß", "ss", "æ", "a", "ø", "o", "å", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "á", "a", "à", "a", "â", "a", "ã", "a",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ñ", "n", "ç", "c", "ý", "y", "š", "s", "ž", "z", "č", "c", "ł", "l",
	"&", " and ")

// plainWords are the words of a text, lower case, without accents and punctuation.
func plainWords(s string) []string {
	s = ownLetters.Replace(strings.ToLower(s))
	s = strings.NewReplacer("'", "", "’", "", ".", "").Replace(s) // O'Neill, L.L.C.
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// addressWords writes the words of addresses that have short forms in one way.
var addressWords = map[string]string{
	"st": "street", "str": "street", "strasse": "street", "ave": "avenue", "av": "avenue", "rd": "road", "blvd": "boulevard", "boul": "boulevard", "dr": "drive", "ln": "lane",
	"ct": "court", "pl": "place", "sq": "square", "hwy": "highway", "pkwy": "parkway", "ter": "terrace", "cir": "circle", "trl": "trail", "n": "north", "s": "south", "e": "east", "w": "west",
	"ne": "northeast", "nw": "northwest", "se": "southeast", "sw": "southwest", "mt": "mount", "ft": "fort",
	// Which flat of a house it is says the number behind.
	"apt": "", "apartment": "", "unit": "", "suite": "", "ste": "", "room": "", "rm": "", "flat": "", "floor": "", "no": "", "usa": "", "us": "",
}

var directions = []string{"north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest"}

// unitWords announce the number of a flat.
var unitWords = []string{"apt", "apartment", "unit", "suite", "ste", "room", "rm", "flat", "floor"}

// addressKeys makes an exact form, its words in any order, and a near one: the
// numbers but that of the flat, and how the first word sounds, which is the street.
func addressKeys(s string) []TraitKey {
	s = strings.ReplaceAll(s, "#", " unit ")
	var words, figures []string
	street, unit := "", false
	for _, w := range plainWords(s) {
		for _, tail := range []string{"strasse", "str"} {
			if stem, ok := strings.CutSuffix(w, tail); ok && len(stem) > 2 {
				w = stem
				words = append(words, "street")
				break
			}
		}
		figure := w[0] >= '0' && w[0] <= '9'
		long, known := addressWords[w]
		switch {
		case known && long == "":
		case known:
			words = append(words, long)
		default:
			words = append(words, w)
		}
		switch {
		case figure && len(w) == 4 && len(figures) > 0 && len(figures[len(figures)-1]) == 5:
			words = words[:len(words)-1] // the last four of a ZIP+4
		case figure && !unit:
			figures = append(figures, w)
		case !figure && street == "" && !known && !slices.Contains(directions, w):
			street = w
		}
		unit = slices.Contains(unitWords, w)
	}
	if len(words) < 3 || len(figures) == 0 {
		return nil // no address but a town
	}
	slices.Sort(words)
	keys := []TraitKey{{TraitAddress, strings.Join(words, " ")}}
	if sound := soundOf(street); sound != "" && len(figures) > 1 {
		slices.Sort(figures)
		keys = append(keys, TraitKey{TraitAddressNear, strings.Join(figures, " ") + " " + sound})
	}
	return keys
}

// legalForms say nothing of a name.
var legalForms = strings.Fields("llc inc incorporated ltd limited corp corporation co company gmbh ag kg ug sa sas sarl srl spa bv nv ab oy as aps plc lp llp pty the and of")

func nameKeys(s string) []TraitKey {
	var words, sounds []string
	firm := false
	for _, w := range plainWords(s) {
		if slices.Contains(legalForms, w) {
			firm = true
			continue
		}
		words = append(words, w)
		if sound := soundOf(w); sound != "" {
			sounds = append(sounds, sound)
		}
	}
	if len(strings.Join(words, "")) < 4 {
		return nil
	}
	last := words[len(words)-1]
	persons := !firm && (len(words) == 2 || len(words) == 3)
	slices.Sort(words)
	keys := []TraitKey{{TraitName, strings.Join(words, " ")}}
	if slices.Sort(sounds); len(sounds) > 1 {
		keys = append(keys, TraitKey{TraitNameNear, strings.Join(sounds, " ")})
	}
	if persons {
		keys = append(keys, TraitKey{TraitFamilyName, last})
	}
	return keys
}

// soundOf is the first letter of a word and its consonants, without doubles and
// h: what most misspellings leave alone. Words with a figure stay as they are.
func soundOf(w string) string {
	if strings.ContainsAny(w, "0123456789") {
		return w
	}
	var b strings.Builder
	var last rune
	for i, r := range w {
		if i > 0 && strings.ContainsRune("aeiouyhw", r) || r == last {
			continue
		}
		if i > 0 || r != 'h' {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}
