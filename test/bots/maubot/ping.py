"""The same as a plugin of maubot."""

from maubot import MessageEvent, Plugin
from maubot.handlers import command

FILE = bytes(range(250)) * 20_000


class Ping(Plugin):
    @command.new("maubot")
    async def maubot(self, event: MessageEvent) -> None:
        pass

    @maubot.subcommand("ping")
    @command.argument("number")
    async def ping(self, event: MessageEvent, number: str) -> None:
        await self.client.send_text(event.room_id, f"maubot pong {number}")

    @maubot.subcommand("upload")
    async def upload(self, event: MessageEvent) -> None:
        uri = await self.client.upload_media(FILE)
        await self.client.send_text(event.room_id, f"maubot uploaded {uri}")
