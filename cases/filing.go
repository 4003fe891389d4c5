package cases

import "time"

// Acceptance is a delivery whose bytes are digested and kept, ready to commit.
type Acceptance struct {
	Message Message
	Cursor  *MailCursor
	// FileNow asks for the attempt to file it at once; else a worker does.
	FileNow bool
	// Confirm is the letter that asks its sender to confirm the message, recorded
	// with it when the message is new.
	Confirm *Sending
}

// Filing is a parsed message on its way into a report.
type Filing struct {
	Attempt Attempt // whose effect this is; the zero one is no job
	Message Message
	Parsed  Parsed
	// Request is set where the message asks for a traceback: a report that it
	// begins belongs to a traceback case.
	Request *TracebackRequest
	// Acknowledgement is the answer that would be sent for a new report, with
	// its state and note decided; nil for none.
	Acknowledgement *Sending
	// AnswerIn is after how long a silence the desk looks whether to say something
	// in the conversation that the message came by; 0: it cannot.
	AnswerIn time.Duration
	// Notices are the letters to colleagues that it leads to: those that its case
	// has not had are sent.
	Notices []Sending
}

// Filed says what became of a message.
type Filed struct {
	ReportID  int64
	Token     string // of the report's status page
	CaseID    int64
	CaseRef   string
	NewReport bool // false: the message joined a report that was there
	NewCase   bool
	Reason    string // why it is in that case
}

// AssessDelay is how long an assessment waits for more reports of its case.
const AssessDelay = 300 * time.Millisecond

// Ingest is a batch of call records from one source.
type Ingest struct {
	Source string
	Calls  []Call
	// CompleteFrom and CompleteThrough, when set, move the source's coverage:
	// it promises to have sent every call that started in between.
	CompleteFrom    time.Time
	CompleteThrough time.Time
}

// Ingested counts what became of a batch.
type Ingested struct {
	New       int `json:"new"`
	Corrected int `json:"corrected"` // the same record with other contents
	Unchanged int `json:"unchanged"`
}
