package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that a server runs as: ourselves, or somebody without
// rights when we are root, since PostgreSQL refuses root and Dovecot's mail
// processes do.
type account struct {
	user, group string
	uid, gid    int
	change      bool // whether it is another user than ours
}

func serverAccount() (*account, error) {
	u, err := user.Current()
	if err != nil {
		return nil, err
	}
	a := &account{change: u.Uid == "0"}
	if a.change {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return nil, fmt.Errorf("group of %s: %w", u.Username, err)
	}
	a.user, a.group = u.Username, g.Name
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, err
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return nil, err
	}
	return a, nil
}

// own gives a file or folder to the account.
func (a *account) own(path string) error {
	if !a.change {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// command prepares a command that runs as the account, with an environment
// that holds nothing of ours.
func (a *account) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + dir}
	if a.change {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)},
		}
	}
	return cmd
}
