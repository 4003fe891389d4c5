package web

import "time"

// packSample is a pack with everything on it: sent once, reviewed once, about to be sent.
func packSample() PackPage {
	at := sampleNow.Add(-3 * time.Hour)
	fields := []PackFieldView{
		{"Reference", "the requester’s own number", "TB-20455", false, false}, {"Calling number", "E.164", "+12025550143", false, false}, {"Source IP", "the address", "198.51.100.7", false, false},
		{"Identity header", "as received", "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUvMS5wZW0ifQ.eyJhdHRlc3QiOiJBIn0.c2lnbmF0dXJl;info=<https://cert.example/1.pem>", false, false},
		{"Campaign", "what the requester calls it", "not given: the request states none", true, false},
		{"Customer", "legal name", "withheld: it needs a recorded legal review (the customer’s name, address and contact)", true, true},
	}
	return PackPage{Ref: "AB-2026-004217", Operator: "Northtel", Built: true, Version: 2, CaseVer: 7, BuiltAt: at, Complete: Sign{Tone: Cleared, Word: "complete"}, Verified: Sign{Cleared, "Requester", "verified", ""},
		Due: Due{"traceback answer", sampleNow.Add(5 * time.Hour), 5 * time.Hour}, Clock: "Received Monday, 23 November, 09:41 EST.", For: "traceback group", Query: "?report=9", Covers: "the traceback fields",
		Choices: []Tab{{Label: "t…@itg.example", Count: "traceback group", Href: "#", Current: true}}, Head: []Fact{{Name: "Request", Value: "TB-20455"}, {Name: "Answer due", Value: "24 Nov 2026, 14:41:00 UTC"}},
		Calls: []PackCallView{{Place: 1, Title: "+12025550143 to +16175550119", Fields: fields, Legs: []PackLegView{
			{"ingress", "06:41:00", "Carrier X (carrier-x)", "+12025550143", "+16175550119", "198.51.100.7", "4711-a-very-long-call-id@198.51.100.7", "200", "A", "sbc c-1"},
			{"egress", "06:41:01", "carrier-z", "+12025550143", "+16175550119", "none", "none", "200", "A", "sbc c-2"}}}},
		Reviews: []PackReview{{"M. Roe, counsel", "Subpoena 24-1133", "the customer’s name, address and contact", "any requester of this case", "Ines Roth", at, at}},
		Answers: []PackReceipt{{To: "t…@itg.example", By: "Dana Reyes", Note: "250 2.0.0 queued", MessageID: "a1b2@desk.example", Digest: "b87aee6956db996eff853fa44baa68eb1eddbd50844ca4c7fb44265d13c79704", Href: "#", Version: 1,
			State: State{"sent", "Sent", Cleared}, Made: at, Settled: at}},
		CanBuild: true, CanSend: true, CanRule: true,
		Review: PackReviewForm{Report: Field{Value: "0"}, Reports: []Choice{{Value: "0", Label: "Any requester of this case"}}, Covers: []PackCover{{"customer", "The customer’s name, address and contact", true}, {"recording", "Recordings", false}}},
		Send:   PackSendForm{To: "t…@itg.example", Text: "Our answer to your traceback request TB-20455", Files: []string{"traceback-AB-2026-004217-2.json"}, Dispositions: []Choice{{Label: "Leave the case open"}}}}
}

func wrongPackReview() PackPage {
	p := packSample()
	p.Review.Shown, p.Review.Reviewer.Error, p.Review.CoversError = true, "Say who reviewed it.", "Choose what it covers."
	return p
}
