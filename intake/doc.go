// Package intake turns the bytes that came through a door into a report:
// mails, the public form, JSON bodies, chat webhooks, free text. It finds the
// telephone numbers and what each was in the call, the time of the call, the
// category and the story told, who writes, what was lost, whether it can wait,
// and keeps for each guess how sure it is and where it was read.
//
// It is pure: no clock, no network, no database. It never fails and never
// panics on any input; what could not be read is said in Parsed.Warnings, and
// the time it takes grows linearly with the size of the input. Words, months and
// marks of each language lie in data files, not in code; Extend adds an
// operator's own.
//
// Limits. Over one of them the rest is not read, the report says so, and the raw
// bytes are kept elsewhere as they came:
//
//	one delivery          64 MB       cases.MaxMessageBytes, held by the door
//	header of a mail      256 KB, 2,000 fields
//	parts of a mail       500
//	nesting of parts      12
//	text of a report      256 KB      of decoded, plain text
//	attachments listed    100
//	numbers of a report   100
//	a mail over 8 MB      of each part the first 64 KB; the digests of
//	                      attachments are those of the whole
//
// Decoded parts are never larger than the delivery: transfer encodings only
// shrink, and archives are not opened.
package intake
