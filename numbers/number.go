package numbers

// Kind is the service a number's range is set aside for. It describes the
// range, not the line: a ported or forwarded number keeps its range's kind.
type Kind string

// The kinds, after libphonenumber's types. North American ranges do not tell
// mobile from fixed, hence KindFixedOrMobile.
const (
	KindFixed         Kind = "fixed"
	KindMobile        Kind = "mobile"
	KindFixedOrMobile Kind = "fixed_or_mobile"
	KindTollFree      Kind = "toll_free"
	KindPremium       Kind = "premium"
	KindSharedCost    Kind = "shared_cost"
	KindVoIP          Kind = "voip"
	KindPersonal      Kind = "personal"
	KindPager         Kind = "pager"
	KindCompany       Kind = "company" // universal access numbers
	KindVoicemail     Kind = "voicemail"
	KindUnknown       Kind = "unknown"
)

// Number is a telephone number as Parse understood it.
type Number struct {
	// E164 is "+" and at most fifteen digits (ITU-T E.164).
	E164 string
	// Region is the ISO 3166 alpha-2 code of the numbering plan's country,
	// "001" for numbers of no country (+800, +881), "" where it is not known.
	Region string
	// CountryCode is the country calling code, such as 1 or 44.
	CountryCode int
	// Extension is what is dialled after the call is answered; digits or "".
	Extension string
	Kind      Kind
	// Assignable tells whether a carrier can give the number to a customer.
	// Numbers that it cannot give are shown as caller ID all the same, by
	// callers who invent them, so this is a finding and not an error.
	Assignable bool
	// Reason says in a reader's words why the number is not assignable; "" if it is.
	Reason string
}

// Code names why a text is no telephone number, for translation and tests.
type Code string

// The codes of Error.
const (
	CodeEmpty          Code = "empty"
	CodeWithheld       Code = "withheld"     // anonymous, private, restricted
	CodeLetters        Code = "letters"      // vanity spelling or other text
	CodeNotNumber      Code = "not_a_number" // characters that no number has
	CodeShortCode      Code = "short_code"   // 911, 411, *67
	CodeTooShort       Code = "too_short"
	CodeTooLong        Code = "too_long"
	CodeWrongLength    Code = "wrong_length"    // neither of the lengths that the country has
	CodeNoAreaCode     Code = "no_area_code"    // local part only
	CodeNoCountry      Code = "no_country"      // neither "+" nor a default region
	CodeUnknownCountry Code = "unknown_country" // no such country calling code
)

// Error tells why a text is not a telephone number. Message is a sentence for
// the person who typed it and never repeats the number.
type Error struct {
	Code    Code
	Message string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Is matches any *Error of the same code, so that callers can write
// errors.Is(err, &numbers.Error{Code: numbers.CodeWithheld}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

var (
	errEmpty    = &Error{CodeEmpty, "Enter a telephone number."}
	errWithheld = &Error{CodeWithheld, "The number was withheld by the caller."}
	errLetters  = &Error{CodeLetters, "A telephone number has digits only; this one has letters in it."}
	errNot      = &Error{CodeNotNumber, "This is not a telephone number."}
	errShort    = &Error{CodeTooShort, "The number is too short; give all of it, with the area code."}
	errLong     = &Error{CodeTooLong, "The number is too long; give one telephone number."}
	errLength   = &Error{CodeWrongLength, "The number has too few or too many digits for its country."}
	errArea     = &Error{CodeNoAreaCode, "The number lacks its area code."}
	errCountry  = &Error{CodeNoCountry, "Start the number with + and the country code."}
	errUnknown  = &Error{CodeUnknownCountry, "No country has this country code."}
	errStar     = &Error{CodeShortCode, "Codes with * or # are dialled to one's own carrier; they are not telephone numbers."}
)
