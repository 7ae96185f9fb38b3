// A bot on mautrix-go that answers "!mautrix-go ping 1" with "mautrix-go pong 1".
package main

import (
	"bytes"
	"context"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/cryptohelper"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	client, err := mautrix.NewClient(
		os.Getenv("MATRIX_HOMESERVER"),
		id.UserID(os.Getenv("MATRIX_USER_ID")),
		os.Getenv("MATRIX_ACCESS_TOKEN"),
	)
	if err != nil {
		return err
	}
	client.DeviceID = id.DeviceID(os.Getenv("MATRIX_DEVICE_ID"))
	client.DefaultHTTPRetries = 4

	helper, err := cryptohelper.NewCryptoHelper(client, []byte("bot"), "bot.db")
	if err != nil {
		return err
	}
	if err := helper.Init(ctx); err != nil {
		return err
	}
	defer helper.Close()
	client.Crypto = helper

	syncer := client.Syncer.(*mautrix.DefaultSyncer)
	syncer.OnEventType(event.EventMessage, func(ctx context.Context, evt *event.Event) {
		text, err := answer(ctx, client, evt.Content.AsMessage().Body)
		if err == nil && text != "" {
			_, err = client.SendText(ctx, evt.RoomID, "mautrix-go "+text)
		}
		if err != nil {
			log.Print(err)
		}
	})
	return client.SyncWithContext(ctx)
}

// answer returns what there is to say to a message, if anything.
func answer(ctx context.Context, client *mautrix.Client, message string) (string, error) {
	if number, ok := strings.CutPrefix(message, "!mautrix-go ping "); ok {
		return "pong " + number, nil
	}
	if message != "!mautrix-go upload" {
		return "", nil
	}
	uploaded, err := client.UploadBytes(ctx, file(), "application/octet-stream")
	if err != nil {
		return "", err
	}
	return "uploaded " + uploaded.ContentURI.String(), nil
}

// file returns 5 MB in which no byte can be missed or be out of order unnoticed.
func file() []byte {
	row := make([]byte, 250)
	for i := range row {
		row[i] = byte(i)
	}
	return bytes.Repeat(row, 20_000)
}
