package web

import "github.com/abusedesk/abusedesk/cases"

// referredText is what a reporter is told who was sent to another carrier: what
// the letter says, for those who left no address.
func referredText(r cases.Responsible, region string, category cases.Category, format func(string) string) string {
	number := "The number"
	if r.Number != "" {
		number = format(r.Number)
	}
	text := number + " is not one of our numbers, and our records for the time that you gave are complete and show no such call over our network. So we cannot stop these calls. "
	if category == cases.CategoryTextSpam {
		text = number + " is not one of our numbers, and we have no sign that the messages came over our network. So we cannot stop them. "
	}
	switch {
	case r.Carrier != "" && r.AbuseContact != "":
		text += "As far as we know, " + r.Carrier + " answers for that number and takes reports of abuse here: " + r.AbuseContact + ". Tell them the number that was shown, your own number, the date and time, and what was said. "
	case r.Carrier != "":
		text += "As far as we know, " + r.Carrier + " answers for that number. Tell them the number that was shown, your own number, the date and time, and what was said. "
	case r.TollFree:
		text += "It is a toll-free number, and which company answers for such a number cannot be read from it; your own telephone company can find out, so please report it there. "
	default:
		text += "We do not know which company answers for that number; your own telephone company can find out, so please report it there. "
	}
	text += "The number shown can be false: its owner may know nothing of it. "
	switch region {
	case "US":
		text += "You can also tell the Federal Trade Commission (reportfraud.ftc.gov) and the Federal Communications Commission (consumercomplaints.fcc.gov)."
	case "CA":
		text += "You can also tell the Canadian Anti-Fraud Centre (antifraudcentre-centreantifraude.ca) and the National Do Not Call List (lnnte-dncl.gc.ca)."
	case "GB":
		text += "You can also report fraud at reportfraud.police.uk, and unwanted sales calls to the Information Commissioner’s Office (ico.org.uk)."
	case "FR":
		text += "You can also report unwanted calls and messages (33700.fr), and fraud (internet-signalement.gouv.fr)."
	case "ES":
		text += "You can also report unwanted sales calls to the data protection agency (aepd.es), and fraud to the police."
	case "MX":
		text += "You can also report unwanted sales calls to Profeco (repep.profeco.gob.mx), and fraud to the police."
	default:
		text += "You can also tell the authority in your country that watches over telephone companies or protects consumers."
	}
	return text + " If you lost money, tell your bank at once. If you know more, write it below and a person will look at it again."
}
