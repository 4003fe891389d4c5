package calls

import (
	"fmt"
	"strconv"
	"time"
)

// How values are written in reasons.

func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }

func times(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func whole(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }

func dollars(x float64) string { return fmt.Sprintf("%.3f", x) }

func seconds(x float64) string {
	return (time.Duration(x) * time.Second).String()
}
