package desk

import (
	"context"
	"time"

	"github.com/abusedesk/abusedesk/cases"
)

// Packs keeps traceback packs, the legal reviews of what may be told of them, and
// exactly what was sent.
type Packs interface {
	// KeepPack adds a version of a case's pack, unless the newest says the same, and
	// completes the attempt.
	KeepPack(ctx context.Context, at cases.Attempt, now time.Time, p cases.KeptPack) (newest cases.KeptPack, added bool, err error)
	// PackFindings are the latest of each call of a case, and of each check of a
	// signature, newest first.
	PackFindings(ctx context.Context, caseID int64) ([]cases.Finding, error)
	// Pack returns a version, 0 the newest.
	Pack(ctx context.Context, caseID, version int64) (cases.KeptPack, error)
	ReviewRelease(ctx context.Context, caseID int64, change func(*cases.Case) (cases.LegalReview, error)) (cases.LegalReview, error)
	// LegalReviews are those of a case, oldest first.
	LegalReviews(ctx context.Context, caseID int64) ([]cases.LegalReview, error)
	// PackAnswers lists what was sent, newest first; PackAnswer is what goes with one
	// letter. They come into it with the letter (cases.Sending.Answer).
	PackAnswers(ctx context.Context, caseID int64) ([]cases.PackAnswer, error)
	PackAnswer(ctx context.Context, messageID string) (cases.PackAnswer, error)
}
