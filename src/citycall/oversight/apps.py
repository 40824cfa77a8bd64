from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "citycall.oversight"
    label = "oversight"

    def ready(self) -> None:
        from citycall.oversight import words

        words.add_words()
