package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/abusedesk/abusedesk/cases"
)

// ImportRates keeps a whole version of a rate deck, all or nothing, with one
// event. The versions before stay. rates must hold each prefix once.
func (s *Store) ImportRates(ctx context.Context, a cases.Actor, now time.Time, d cases.RateDeck, rates []cases.RateLine) (cases.RateDeck, error) {
	d.Name, d.ValidFrom, d.Rates, d.ImportedAt = short(d.Name), stored(d.ValidFrom), len(rates), stored(now)
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Raw("INSERT INTO rate_decks (name, valid_from, rates, imported_at) VALUES (?, ?, ?, ?) RETURNING id", d.Name, d.ValidFrom, d.Rates, d.ImportedAt).Scan(&d.ID).Error
		if err != nil {
			return err
		}
		rows := make([][]any, 0, len(rates))
		for _, r := range rates {
			rows = append(rows, []any{d.ID, r.Prefix, short(r.Tag), r.Micros})
		}
		if _, err := insert(tx, "rates (deck_id, prefix, tag, micros)", rows, ""); err != nil {
			return err
		}
		e := cases.NewEvent(d.ImportedAt, a, string(cases.CmdImport), "rates", d.Name, "")
		e.Data = map[string]string{"rows": strconv.Itoa(d.Rates), "valid_from": d.ValidFrom.Format(time.RFC3339)}
		return insertEvents(tx, []cases.Event{e})
	})
	if err != nil {
		return d, fmt.Errorf("import %d rates of %s: %w", len(rates), d.Name, err)
	}
	return d, nil
}

// RateDecks lists every version of every deck, newest first, at most
// cases.MaxPage.
func (s *Store) RateDecks(ctx context.Context) ([]cases.RateDeck, error) {
	var out []cases.RateDeck
	err := s.read(ctx).Raw("SELECT * FROM rate_decks ORDER BY id DESC LIMIT ?", cases.MaxPage).Scan(&out).Error
	for i := range out {
		out[i].ValidFrom, out[i].ImportedAt = out[i].ValidFrom.UTC(), out[i].ImportedAt.UTC()
	}
	return out, translate(err)
}

// Rates reads the prices of decks.
func (s *Store) Rates(ctx context.Context, decks []int64) ([]cases.RateLine, error) {
	if len(decks) == 0 {
		return nil, nil
	}
	var out []cases.RateLine
	err := s.read(ctx).Raw("SELECT d.name AS deck, r.prefix, r.tag, r.micros FROM rates r JOIN rate_decks d ON d.id = r.deck_id WHERE r.deck_id IN ?", decks).Scan(&out).Error
	return out, translate(err)
}
